import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UsageAnswer } from '@turnpike/contract'
import { useEffect, useRef } from 'react'
import { call } from '../api.ts'
import { ownTimeZone } from '../i18n/locale.ts'
import { useLive } from '../live.ts'
import type { Group } from './groups.ts'
import { periodOf, type Period, type PeriodSelection } from './period.ts'

/** Busy tenants would otherwise ask for every request; figures two seconds old are live enough. */
const LIVE_MS = 2_000

export interface UsageView {
  readonly answer: UsageAnswer
  /** The requested period. */
  readonly period: Period
}

/** Figures of a period, renewed while requests arrive. */
export function useUsage(selection: PeriodSelection, groupBy: Group) {
  useRenewal(selection.kind === 'range')
  return useQuery<UsageView>({
    queryKey: ['usage', selection, groupBy],
    queryFn: async ({ signal }) => {
      const period = periodOf(selection, Date.now())
      const query = { ...period, groupBy, timeZone: ownTimeZone(), bucket: 'auto' }
      return { answer: await call<UsageAnswer>('/usage', { query, signal }), period }
    },
    placeholderData: keepPreviousData,
  })
}

/** Renews at once when a request arrives after a quiet time, and at most every two seconds in a busy one. */
function useRenewal(active: boolean): void {
  const queryClient = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useLive('request', () => {
    if (!active || timer.current !== null) return
    timer.current = setTimeout(() => {
      timer.current = null
      void queryClient.invalidateQueries({ queryKey: ['usage'] })
    }, LIVE_MS)
  })
  useEffect(() => () => clearTimeout(timer.current ?? undefined), [])
}
