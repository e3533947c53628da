import { Chip } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import { useText } from '../i18n/text.ts'
import type { Options } from '../draft/NamesEntry.tsx'
import { useProviderNames } from '../models/provider-names.ts'
import { Clipped } from '../parts/Clipped.tsx'
import { useMay } from '../session.ts'
import { ownEndpointsQuery, providerKeysQuery } from './calls.ts'
import { isOwn, isOwnName, partsOf } from './target.ts'

/** A provider, an author and a model: longer than other names. */
const TARGET_CHARS_MAX = 48

/** The name of a target's BYOK account; null: the operator's. Names are fetched only when a target needs one. */
export function useAccounts(targets: readonly string[]): (target: string) => string | null {
  const { say } = useText()
  const own = targets.filter(isOwn)
  const mayReadKeys = useMay('provider-keys:read')
  const keys = useQuery({ ...providerKeysQuery, enabled: mayReadKeys && own.some((one) => !isOwnName(one)) })
  return (target) => {
    const { ownId } = partsOf(target)
    if (ownId === null) return null
    if (isOwnName(target)) return say('providerKeys.yourEndpoint')
    const key = keys.data?.data.find(({ id }) => id === ownId)
    return key ? say('providerKeys.yourKey', { lastFour: key.lastFour }) : say('providerKeys.yours')
  }
}

/** The reader's own endpoints and models as policies name them, to choose from. */
export function useOwnOptions(): { readonly providers: Options; readonly models: Options } {
  const mayRead = useMay('own-endpoints:read')
  const { data } = useQuery({ ...ownEndpointsQuery, enabled: mayRead })
  const endpoints = data?.data ?? []
  const models = new Set(endpoints.map(({ model }) => model).filter(isOwnName))
  return {
    providers: endpoints.map(({ slug, name }) => [`~${slug}`, `${name} (~${slug})`] as const),
    models: [...models].map((model) => [model, model] as const),
  }
}

/** A target in a sentence: the endpoint and, where it is not ours, the account. */
export function targetText(target: string, account: string | null): string {
  const { endpoint } = partsOf(target)
  return account === null ? endpoint : `${endpoint} (${account})`
}

/** A target where it stands by itself, marked where its provider is simulated. */
export function TargetName({ target, account }: { target: string; account: string | null }) {
  const { say } = useText()
  const { isSimulated } = useProviderNames()
  const { endpoint } = partsOf(target)
  const isMarked = account === null && isSimulated(endpoint.split('/', 1)[0] ?? '')
  return (
    <>
      <Clipped text={endpoint} chars={TARGET_CHARS_MAX} component="code" />
      {account !== null && <Chip size="small" color="info" variant="outlined" label={account} sx={{ ml: 1 }} />}
      {isMarked && <Chip size="small" variant="outlined" label={say('common.simulated')} sx={{ ml: 1 }} />}
    </>
  )
}
