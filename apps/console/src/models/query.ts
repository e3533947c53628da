import type { ModelList } from '@turnpike/contract'
import { call } from '../api.ts'

/** The catalogue changes rarely; a minute old is new enough. */
const FRESH_MS = 60_000

export const modelsQuery = {
  queryKey: ['models'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<ModelList>('/models', { signal }),
  staleTime: FRESH_MS,
}
