import type { ReactNode } from 'react'
import { statusOf } from '../api.ts'
import { Failure } from './Failure.tsx'
import { Refreshing } from './Refreshing.tsx'
import { Stale } from './Stale.tsx'

/** The part of a query that a view needs; TanStack's and react-admin's both have it. */
export interface Viewed<Answer> {
  readonly data: Answer | undefined
  readonly error: unknown
  readonly isFetching: boolean
  /** When `data` was fetched, milliseconds since the epoch. */
  readonly dataUpdatedAt: number
  readonly refetch: () => unknown
}

interface ViewProps<Answer> {
  readonly query: Viewed<Answer>
  readonly skeleton: ReactNode
  readonly children: (answer: Answer) => ReactNode
}

/** What is no longer the reader's to see does not stay on the screen. */
const WITHDRAWN: readonly (number | null)[] = [403, 404]

/** Loading, failed, refreshing, stale or there: the same decision for every view. An error keeps what was fetched before. */
export function View<Answer>({ query, skeleton, children }: ViewProps<Answer>) {
  const { data, error, isFetching, dataUpdatedAt } = query
  const retry = () => void query.refetch()
  if (error && (data === undefined || WITHDRAWN.includes(statusOf(error)))) {
    return <Failure error={error} onRetry={retry} />
  }
  if (data === undefined) return skeleton
  return (
    <>
      {Boolean(error) && <Stale error={error} updatedAtMs={dataUpdatedAt} onRetry={retry} />}
      <Refreshing active={isFetching}>{children(data)}</Refreshing>
    </>
  )
}
