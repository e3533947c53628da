import type { ApiKey, ProviderKey, ProviderKeyAnswer } from '@turnpike/contract'
import { useGetList } from 'react-admin'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { useCatalogue } from '../models/catalogue.ts'
import { at, listOf, textOf, type Draft } from '../draft/draft.ts'
import { CheckEntry, TextEntry } from '../draft/fields.tsx'
import { NamesEntry, type Options } from '../draft/NamesEntry.tsx'
import { PlacementEntry, SearchEntry, SecretEntry } from './entries.tsx'
import { DraftDialog } from '../draft/DraftDialog.tsx'
import type { ResourceDialogProps } from './ResourceTab.tsx'

const PRIORITY_MAX = 99
/** Keys to choose from; more than these can be named by program. */
const KEYS_MAX = 100

/** A key of a provider. Its secret is never shown again; its provider is for good. */
export function KeyDialog({ row, rows, onSaved, onClose }: ResourceDialogProps<ProviderKey>) {
  const { say } = useText()
  const { providerOptions } = useCatalogue()
  return (
    <DraftDialog
      title={row ? say('providerKeys.editTitle', { name: row.name }) : say('providerKeys.add')}
      action={say(row ? 'common.save' : 'providerKeys.addAction')}
      first={row ? draftOf(row) : { placement: 'first' }}
      save={(draft) => (row ? change(row, rows, draft) : create(rows, draft))}
      {...{ onSaved, onClose }}
    >
      {(draft) => (
        <>
          {!row && (
            <SearchEntry
              path={['provider']}
              label={say('common.provider')}
              hint={say('providerKeys.providerHint')}
              options={providerOptions}
            />
          )}
          <TextEntry path={['name']} label={say('common.name')} hint={say('providerKeys.nameHint')} />
          {!row && <SecretEntry label={say('common.key')} hint={say('providerKeys.secretHint')} />}
          <PlacementEntry />
          <CheckEntry
            path={['creditFallback']}
            label={say('providerKeys.creditFallback')}
            hint={say('providerKeys.creditFallbackHint')}
            on={undefined}
            off={false}
          />
          {row && (
            <TextEntry
              kind="number"
              path={['share']}
              label={say('providerKeys.share')}
              hint={say('providerKeys.shareHint')}
            />
          )}
          <Limits provider={row?.provider ?? textOf(at(draft, ['provider']))} known={row?.keys ?? []} />
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

interface LimitsProps {
  readonly provider: string
  /** Keys that it is kept to now, of which some may be no more. */
  readonly known: NonNullable<ProviderKey['keys']>
}

function Limits({ provider, known }: LimitsProps) {
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

/** The organisation's keys for calls, to choose from. @param known ones that may be no more */
function useKeyOptions(known: LimitsProps['known']): Options {
  const { data = [] } = useGetList<ApiKey>('keys', { pagination: { page: 1, perPage: KEYS_MAX } })
  const usable = data.filter(({ kind, revokedAt }) => kind !== 'mgmt' && revokedAt === null)
  const gone = known.filter(({ id }) => !usable.some((key) => key.id === id))
  return [...usable, ...gone].map(({ id, name }) => [id, name ?? id] as const)
}

/** A key as its form shows it. */
function draftOf({ name, placement, share, models, keys, disabled, creditFallback }: ProviderKey): Draft {
  return {
    ...{ name, placement, share },
    ...(models && { models }),
    ...(keys && { keys: keys.map(({ id }) => id) }),
    ...(disabled && { disabled }),
    ...(!creditFallback && { creditFallback }),
  }
}

function create(keys: readonly ProviderKey[], draft: Draft) {
  const body = { provider: '', name: '', secret: '', ...bodyOf(draft), priority: lastPriority(keys, draft) }
  return call<ProviderKeyAnswer>('/provider-keys', { method: 'POST', body })
}

function change({ id, provider, placement }: ProviderKey, keys: readonly ProviderKey[], draft: Draft) {
  const isMoved = at(draft, ['placement']) !== placement
  const priority = isMoved && { priority: lastPriority(keys, { ...draft, provider }) }
  const body = {
    name: '',
    ...bodyOf(draft),
    ...priority,
    disabled: at(draft, ['disabled']) === true,
    creditFallback: at(draft, ['creditFallback']) !== false,
  }
  return call<ProviderKeyAnswer>(`/provider-keys/${id}`, { method: 'PATCH', body })
}

/** Null: no limit. The server reports a share that was emptied. */
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
