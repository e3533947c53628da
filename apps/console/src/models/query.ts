import type { ModelList, ModelsLive } from '@turnpike/contract'
import { call } from '../api.ts'

/** The catalogue changes rarely; a minute old is new enough. */
const FRESH_MS = 60_000

export const modelsQuery = {
  queryKey: ['models'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<ModelList>('/models', { signal }),
  staleTime: FRESH_MS,
}

/** How endpoints do is read anew by the server every quarter of a minute; while the page is looked at, it is asked for twice a minute. */
const LIVE_MS = 30_000

export const modelsLiveQuery = {
  queryKey: ['models', 'live'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<ModelsLive>('/models/live', { signal }),
  staleTime: LIVE_MS,
  refetchInterval: LIVE_MS,
}
