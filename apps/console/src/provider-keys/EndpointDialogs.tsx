import type { OwnEndpointAnswer, OwnEndpointRow } from '@turnpike/contract'
import type { Dialect } from '@turnpike/domain'
import { DIALECTS } from '@turnpike/domain/lists'
import { useText } from '../i18n/text.ts'
import { useCatalogue } from '../policies/form/catalogue.ts'
import { at, textOf, type Draft } from '../policies/form/draft.ts'
import { CheckEntry, Columns, Group, PickEntry, TextEntry, TicksEntry } from '../policies/form/fields.tsx'
import { NamesEntry } from '../policies/form/NamesEntry.tsx'
import { RegionsEntry } from '../policies/form/RegionsEntry.tsx'
import { PARAMETERS } from '../policies/form/vocabulary.ts'
import { changeOwnEndpoint, createOwnEndpoint } from './calls.ts'
import { draftOf, FIRST_ENDPOINT, wishOf } from './endpoint-draft.ts'
import { PlacementEntry, SearchEntry, SecretEntry } from './entries.tsx'
import { OwnDialog } from './OwnDialog.tsx'

interface EndpointDialogProps {
  readonly onSaved: (answer: OwnEndpointAnswer) => void
  readonly onClose: () => void
}

/** An endpoint that the organisation runs or rents: where it is, what it serves, and at what price. */
export function AddEndpointDialog({ onSaved, onClose }: EndpointDialogProps) {
  const { say } = useText()
  const { modelOptions } = useCatalogue()
  return (
    <OwnDialog
      title={say('own.addEndpointTitle')}
      action={say('own.addAction')}
      first={FIRST_ENDPOINT}
      save={(draft) => createOwnEndpoint(wishOf(draft))}
      {...{ onSaved, onClose }}
    >
      {() => (
        <>
          <TextEntry path={['name']} label={say('own.name')} hint={say('own.endpointNameHint')} />
          <TextEntry path={['slug']} label={say('own.slug')} hint={say('own.slugHint')} />
          <Address />
          <SecretEntry path={['secret']} label={say('own.secretOptional')} hint={say('own.endpointSecretHint')} />
          <SearchEntry path={['model']} label={say('own.model')} hint={say('own.modelHint')} options={modelOptions} />
          <Serving />
          <PlacementEntry />
        </>
      )}
    </OwnDialog>
  )
}

/** Its name, slug and model are for good, as decisions on record name them; all else can change. */
export function EditEndpointDialog({ endpoint, onSaved, onClose }: EndpointDialogProps & { endpoint: OwnEndpointRow }) {
  const { say } = useText()
  const isMoved = (draft: Draft) => textOf(at(draft, ['baseUrl'])) !== endpoint.baseUrl
  const save = (draft: Draft) => {
    const { secret = null, ...rest } = wishOf(draft)
    // A stored secret goes only where it was stored for, so that another address is said together with one.
    return changeOwnEndpoint(endpoint.id, isMoved(draft) ? { ...rest, secret } : rest)
  }
  return (
    <OwnDialog
      title={say('own.editTitle', { name: endpoint.name })}
      action={say('keys.save')}
      first={draftOf(endpoint)}
      save={save}
      {...{ onSaved, onClose }}
    >
      {(draft) => (
        <>
          <TextEntry path={['name']} label={say('own.name')} hint={say('own.endpointNameHint')} />
          <Address />
          {isMoved(draft) && (
            <SecretEntry path={['secret']} label={say('own.secretOptional')} hint={say('own.movedSecretHint')} />
          )}
          <Serving />
          <PlacementEntry />
          <CheckEntry path={['disabled']} label={say('own.disabledCheck')} hint={say('own.disabledHint')} />
        </>
      )}
    </OwnDialog>
  )
}

const DIALECT_NAMES: Readonly<Record<Dialect, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  google: 'Google Gemini',
}

function Address() {
  const { say } = useText()
  return (
    <>
      <TextEntry path={['baseUrl']} label={say('own.baseUrl')} hint={say('own.baseUrlHint')} />
      <PickEntry
        path={['dialect']}
        label={say('own.dialect')}
        options={DIALECTS.map((dialect) => [dialect, DIALECT_NAMES[dialect]])}
      />
    </>
  )
}

function Serving() {
  const { say } = useText()
  return (
    <>
      <TextEntry path={['upstreamModel']} label={say('own.upstreamModel')} hint={say('own.upstreamModelHint')} />
      <Columns>
        <TextEntry kind="number" path={['contextLength']} label={say('own.contextLength')} />
        <TextEntry kind="number" path={['maxCompletionTokens']} label={say('own.maxCompletion')} />
      </Columns>
      <Group legend={say('own.price')} note={say('own.priceHint')}>
        <Columns>
          <TextEntry kind="dollars" path={['price', 'prompt']} label={say('policies.field_prompt')} />
          <TextEntry kind="dollars" path={['price', 'completion']} label={say('policies.field_completion')} />
          <TextEntry kind="dollars" path={['price', 'cached']} label={say('own.priceCached')} />
          <TextEntry kind="dollars" path={['price', 'request']} label={say('policies.field_request')} />
        </Columns>
      </Group>
      <Group legend={say('policies.section_data')}>
        <CheckEntry path={['retainsPrompts']} label={say('own.retainsCheck')} hint={say('own.retainsHint')} />
        <CheckEntry path={['zeroRetention']} label={say('own.zeroCheck')} hint={say('own.zeroHint')} />
      </Group>
      <RegionsEntry label={say('own.regions')} hint={say('own.regionsHint')} />
      <TicksEntry
        path={['inputModalities']}
        legend={say('own.inputs')}
        options={['text', 'image', 'file', 'audio'].map((name) => [name, name])}
      />
      <NamesEntry
        path={['supportedParameters']}
        label={say('own.parameters')}
        hint={say('own.parametersHint')}
        options={['max_tokens', ...PARAMETERS].map((name) => [name, name])}
      />
    </>
  )
}
