import type { ReactNode } from 'react'
import { Failure } from './Failure.tsx'
import { Refreshing } from './Refreshing.tsx'

/** The part of a query that a view needs; TanStack's and react-admin's both have it. */
interface Viewed<Answer> {
  readonly data: Answer | undefined
  readonly error: unknown
  readonly isFetching: boolean
  readonly refetch: () => unknown
}

interface ViewProps<Answer> {
  readonly query: Viewed<Answer>
  readonly skeleton: ReactNode
  readonly children: (answer: Answer) => ReactNode
}

/** Loading, failed, refreshing or there: the same decision for every view. */
export function View<Answer>({ query, skeleton, children }: ViewProps<Answer>) {
  if (query.error && query.data === undefined) return <Failure error={query.error} onRetry={() => query.refetch()} />
  if (query.data === undefined) return skeleton
  return <Refreshing active={query.isFetching}>{children(query.data)}</Refreshing>
}
