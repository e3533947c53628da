import type { OwnEndpointAnswer, OwnEndpointRow } from '@turnpike/contract'
import type { Dialect } from '@turnpike/domain'
import { DIALECTS } from '@turnpike/domain/lists'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { useCatalogue } from '../models/catalogue.ts'
import { at, textOf, type Draft } from '../draft/draft.ts'
import { CheckEntry, Columns, Group, PickEntry, TextEntry, TicksEntry } from '../draft/fields.tsx'
import { NamesEntry } from '../draft/NamesEntry.tsx'
import { RegionsEntry } from '../draft/RegionsEntry.tsx'
import { PARAMETERS } from '../policies/form/vocabulary.ts'
import { draftOf, FIRST_ENDPOINT, endpointBodyOf } from './endpoint-draft.ts'
import { PlacementEntry, SearchEntry, SecretEntry } from './entries.tsx'
import { DraftDialog } from '../draft/DraftDialog.tsx'
import type { ResourceDialogProps } from './ResourceTab.tsx'

/** An endpoint that the organisation runs or rents. Its slug and model are for good: decisions on record name them. */
export function EndpointDialog({ row, onSaved, onClose }: ResourceDialogProps<OwnEndpointRow>) {
  const { say } = useText()
  const isMoved = (draft: Draft) => row !== null && textOf(at(draft, ['baseUrl'])) !== row.baseUrl
  const save = (draft: Draft) => {
    const all = endpointBodyOf(draft)
    if (!row) return call<OwnEndpointAnswer>('/own-endpoints', { method: 'POST', body: all })
    const { secret = null, ...rest } = all
    // A stored secret is for the address that it was stored for: another address is saved with its own secret.
    const body = isMoved(draft) ? { ...rest, secret } : rest
    return call<OwnEndpointAnswer>(`/own-endpoints/${row.id}`, { method: 'PATCH', body })
  }
  return (
    <DraftDialog
      title={row ? say('providerKeys.editTitle', { name: row.name }) : say('providerKeys.addEndpointTitle')}
      action={say(row ? 'common.save' : 'providerKeys.addAction')}
      first={row ? draftOf(row) : FIRST_ENDPOINT}
      save={save}
      {...{ onSaved, onClose }}
    >
      {(draft) => (
        <>
          <TextEntry path={['name']} label={say('common.name')} hint={say('providerKeys.endpointNameHint')} />
          {!row && <TextEntry path={['slug']} label={say('providerKeys.slug')} hint={say('providerKeys.slugHint')} />}
          <Address />
          {(!row || isMoved(draft)) && (
            <SecretEntry
              label={say('providerKeys.secretOptional')}
              hint={say(row ? 'providerKeys.movedSecretHint' : 'providerKeys.replaceNone')}
            />
          )}
          {!row && <Model />}
          <Serving />
          <PlacementEntry />
          {row && (
            <CheckEntry
              path={['disabled']}
              label={say('providerKeys.state_off')}
              hint={say('providerKeys.disabledHint')}
            />
          )}
        </>
      )}
    </DraftDialog>
  )
}

function Model() {
  const { say } = useText()
  const { modelOptions: options } = useCatalogue()
  return (
    <SearchEntry path={['model']} label={say('common.model')} hint={say('providerKeys.modelHint')} options={options} />
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
      <TextEntry path={['baseUrl']} label={say('start.baseUrl')} hint={say('providerKeys.baseUrlHint')} />
      <PickEntry
        path={['dialect']}
        label={say('providerKeys.dialect')}
        options={DIALECTS.map((dialect) => [dialect, DIALECT_NAMES[dialect]])}
      />
    </>
  )
}

function Serving() {
  const { say } = useText()
  return (
    <>
      <TextEntry
        path={['upstreamModel']}
        label={say('providerKeys.upstreamModel')}
        hint={say('providerKeys.upstreamModelHint')}
      />
      <Columns>
        <TextEntry kind="number" path={['contextLength']} label={say('providerKeys.contextLength')} />
        <TextEntry kind="number" path={['maxCompletionTokens']} label={say('providerKeys.maxCompletion')} />
      </Columns>
      <Group legend={say('providerKeys.price')} note={say('providerKeys.priceHint')}>
        <Columns>
          <TextEntry kind="dollars" path={['price', 'prompt']} label={say('policies.field_prompt')} />
          <TextEntry kind="dollars" path={['price', 'completion']} label={say('policies.field_completion')} />
          <TextEntry kind="dollars" path={['price', 'cached']} label={say('providerKeys.priceCached')} />
          <TextEntry kind="dollars" path={['price', 'request']} label={say('policies.field_request')} />
        </Columns>
      </Group>
      <Group legend={say('policies.section_data')}>
        <CheckEntry
          path={['retainsPrompts']}
          label={say('providerKeys.retainsCheck')}
          hint={say('providerKeys.retainsHint')}
        />
        <CheckEntry path={['zeroRetention']} label={say('policies.field_zdr')} hint={say('providerKeys.zeroHint')} />
      </Group>
      <RegionsEntry label={say('providerKeys.regions')} hint={say('providerKeys.regionsHint')} />
      <TicksEntry
        path={['inputModalities']}
        label={say('providerKeys.inputs')}
        options={['text', 'image', 'file', 'audio'].map((name) => [name, name])}
      />
      <NamesEntry
        path={['supportedParameters']}
        label={say('providerKeys.parameters')}
        hint={say('providerKeys.parametersHint')}
        options={['max_tokens', ...PARAMETERS].map((name) => [name, name])}
      />
    </>
  )
}
