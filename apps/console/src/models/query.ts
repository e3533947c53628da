import type { EndpointLive, ModelList, ModelsLive } from '@turnpike/contract'
import { call } from '../api.ts'

/** The catalogue changes rarely; a minute old is new enough. */
const FRESH_MS = 60_000

export const modelsQuery = {
  queryKey: ['models'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<ModelList>('/models', { signal }),
  staleTime: FRESH_MS,
}

/** The server refreshes live figures every 15 seconds; the open page fetches them every 30. */
const LIVE_MS = 30_000

export const modelsLiveQuery = {
  queryKey: ['models', 'live'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<ModelsLive>('/models/live', { signal }),
  staleTime: LIVE_MS,
  refetchInterval: LIVE_MS,
}

/** Figures of an endpoint; null: no traffic in the last half hour. Undefined: not loaded. */
export type LiveOf = (model: string, provider: string) => EndpointLive | null | undefined

/** @param answer undefined until it came */
export function liveBy(answer: ModelsLive | undefined): LiveOf {
  if (!answer) return () => undefined
  const known = new Map(answer.data.map((row) => [`${row.provider} ${row.model}`, row]))
  return (model, provider) => known.get(`${provider} ${model}`) ?? null
}
