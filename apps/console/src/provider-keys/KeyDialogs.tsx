import type { ProviderKey, ProviderKeyAnswer } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { useCatalogue } from '../models/catalogue.ts'
import { at, listOf, textOf, type Draft } from '../draft/draft.ts'
import { CheckEntry, TextEntry } from '../draft/fields.tsx'
import { NamesEntry, type Options } from '../draft/NamesEntry.tsx'
import { changeProviderKey, createProviderKey } from './calls.ts'
import { PlacementEntry, SearchEntry, SecretEntry } from './entries.tsx'
import { DraftDialog } from '../draft/DraftDialog.tsx'
import { useKeyOptions } from './key-options.ts'

const PRIORITY_MAX = 99

interface AddKeyDialogProps {
  readonly keys: readonly ProviderKey[]
  readonly onSaved: (answer: ProviderKeyAnswer) => void
  readonly onClose: () => void
}

/** A key of a provider. Its secret goes in here and is never shown again. */
export function AddKeyDialog({ keys, onSaved, onClose }: AddKeyDialogProps) {
  const { say } = useText()
  const { providerOptions } = useCatalogue()
  const save = (draft: Draft) =>
    createProviderKey({ provider: '', name: '', secret: '', ...bodyOf(draft), priority: lastPriority(keys, draft) })
  return (
    <DraftDialog
      title={say('providerKeys.add')}
      action={say('providerKeys.addAction')}
      first={{ placement: 'first' }}
      save={save}
      {...{ onSaved, onClose }}
    >
      {(draft) => (
        <>
          <SearchEntry
            path={['provider']}
            label={say('common.provider')}
            hint={say('providerKeys.providerHint')}
            options={providerOptions}
          />
          <TextEntry path={['name']} label={say('common.name')} hint={say('providerKeys.nameHint')} />
          <SecretEntry path={['secret']} label={say('common.key')} hint={say('providerKeys.secretHint')} />
          <PlacementEntry />
          <Limits provider={textOf(at(draft, ['provider']))} />
        </>
      )}
    </DraftDialog>
  )
}

interface EditKeyDialogProps extends AddKeyDialogProps {
  readonly apiKey: ProviderKey
}

/** Everything of a key but its provider and its secret. */
export function EditKeyDialog({ apiKey, keys, onSaved, onClose }: EditKeyDialogProps) {
  const { say } = useText()
  const { id, name, provider, placement, share, models, keys: limitedTo, disabled } = apiKey
  const first = {
    ...{ name, placement, share },
    ...(models && { models }),
    ...(limitedTo && { keys: limitedTo.map((key) => key.id) }),
    ...(disabled && { disabled }),
  }
  const save = (draft: Draft) => {
    const isMoved = at(draft, ['placement']) !== placement
    const priority = isMoved ? { priority: lastPriority(keys, { ...draft, provider }) } : {}
    return changeProviderKey(id, {
      name: '',
      ...bodyOf(draft),
      ...priority,
      disabled: at(draft, ['disabled']) === true,
    })
  }
  return (
    <DraftDialog
      title={say('providerKeys.editTitle', { name })}
      action={say('common.save')}
      first={first}
      save={save}
      {...{ onSaved, onClose }}
    >
      {() => (
        <>
          <TextEntry path={['name']} label={say('common.name')} hint={say('providerKeys.nameHint')} />
          <PlacementEntry />
          <TextEntry
            kind="number"
            path={['share']}
            label={say('providerKeys.share')}
            hint={say('providerKeys.shareHint')}
          />
          <Limits provider={provider} known={limitedTo ?? []} />
          <CheckEntry
            path={['disabled']}
            label={say('providerKeys.state_off')}
            hint={say('providerKeys.disabledHint')}
          />
        </>
      )}
    </DraftDialog>
  )
}

interface LimitsProps {
  readonly provider: string
  /** Keys that it is kept to now, of which some may be no more. */
  readonly known?: readonly { readonly id: string; readonly name: string | null }[]
}

function Limits({ provider, known = [] }: LimitsProps) {
  const { say } = useText()
  const { models } = useCatalogue()
  const served = models.filter(({ endpoints }) => endpoints.some((endpoint) => endpoint.provider === provider))
  const modelOptions: Options = served.map(({ slug }) => [slug, slug])
  return (
    <>
      {modelOptions.length > 0 && (
        <NamesEntry
          path={['models']}
          label={say('providerKeys.models')}
          hint={say('providerKeys.modelsHint')}
          options={modelOptions}
        />
      )}
      <NamesEntry
        path={['keys']}
        label={say('providerKeys.keys')}
        hint={say('providerKeys.keysHint')}
        options={useKeyOptions(known)}
      />
    </>
  )
}

/** What is not limited is said as null, and a share that was emptied is left to the server to ask for. */
function bodyOf(draft: Draft): Draft {
  const limit = (field: string) => (at(draft, [field]) === undefined ? null : listOf(at(draft, [field])))
  return { ...draft, models: limit('models'), keys: limit('keys') }
}

/** The lowest rank of its provider and placement: a new key takes no traffic from existing keys. */
function lastPriority(keys: readonly ProviderKey[], draft: Draft): number {
  const taken = keys.filter(
    ({ provider, placement }) => provider === at(draft, ['provider']) && placement === at(draft, ['placement']),
  )
  return Math.min(Math.max(-1, ...taken.map(({ priority }) => priority)) + 1, PRIORITY_MAX)
}
