import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ConsoleEvent, RequestRow } from '@turnpike/contract'
import { useState } from 'react'
import { useDataProvider } from 'react-admin'
import { useLive } from '../live.ts'

/** The first steps look at the newest few only. */
const ARRIVALS_MAX = 5
const ARRIVALS = ['arrivals']

/** The newest requests, with those that arrive while one looks. */
export function useArrivals() {
  const dataProvider = useDataProvider()
  const queryClient = useQueryClient()
  useLive('request', ({ row }) => queryClient.setQueryData<RequestRow[]>(ARRIVALS, (rows = []) => arrived(rows, row)))
  return useQuery({
    queryKey: ARRIVALS,
    queryFn: async ({ signal }) => {
      const pagination = { page: 1, perPage: ARRIVALS_MAX }
      const { data } = await dataProvider.getList<RequestRow>('requests', { pagination, filter: {}, signal })
      return data
    },
  })
}

/** Puts a row in front, once, and keeps the list short. */
function arrived(rows: readonly RequestRow[], row: RequestRow): RequestRow[] {
  return [row, ...rows.filter(({ id }) => id !== row.id)].slice(0, ARRIVALS_MAX)
}

export type Refusal = Extract<ConsoleEvent, { name: 'refusal' }>['data']

/** The newest refusal at the network address of this browser while the page is open; null while there is none. */
export function useRefusal(): Refusal | null {
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  useLive('refusal', setRefusal)
  return refusal
}
