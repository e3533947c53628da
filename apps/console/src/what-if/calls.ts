import type { WhatIfAnswer, WhatIfCreate, WhatIfList, WhatIfRun, WhatIfStarted } from '@turnpike/contract'
import { call } from '../api.ts'

type Signal = { readonly signal: AbortSignal }

/** The worker reports progress twice a second. */
const POLL_MS = 500
/** Earlier runs that are listed, and how often while one is under way. */
const RUNS_MAX = 10
const LIST_POLL_MS = 1_000

export function isActive({ state }: Pick<WhatIfRun, 'state'>): boolean {
  return state === 'queued' || state === 'running'
}

/** A run with its report, requested again while the run is active. */
export function runQuery(id: string) {
  return {
    queryKey: ['what-if', 'one', id],
    queryFn: ({ signal }: Signal) => call<WhatIfAnswer>(`/what-if/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }: { readonly state: { readonly data: WhatIfAnswer | undefined } }) =>
      state.data && isActive(state.data.data) ? POLL_MS : (false as const),
  }
}

/** The latest runs, without their reports. */
export const runsQuery = {
  queryKey: ['what-if', 'list'],
  queryFn: ({ signal }: Signal) => call<WhatIfList>('/what-if', { query: { limit: RUNS_MAX }, signal }),
  refetchInterval: ({ state }: { readonly state: { readonly data: WhatIfList | undefined } }) =>
    state.data?.data.some(isActive) ? LIST_POLL_MS : (false as const),
}

export function startRun(body: WhatIfCreate): Promise<WhatIfStarted> {
  return call('/what-if', { method: 'POST', body: body })
}

export function cancelRun(id: string): Promise<WhatIfStarted> {
  return call(`/what-if/${encodeURIComponent(id)}`, { method: 'DELETE' })
}
