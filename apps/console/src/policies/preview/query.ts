import { useQuery } from '@tanstack/react-query'
import type { PolicyPreview } from '@turnpike/contract'
import { useEffect, useState } from 'react'
import { preview, type PreviewRequest } from '../calls.ts'

/** Debounce of typing. */
const SETTLED_MS = 400

export interface PreviewState {
  /** The last one that could be made. */
  readonly shown: PolicyPreview | null
  /** Why the draft as it is now has none; null when it has. */
  readonly error: unknown
  readonly isFetching: boolean
  readonly refetch: () => unknown
}

/**
 * What the draft would do to the sample, a moment after the last change. A draft with a problem keeps the preview before it.
 * @param wanted null while there is nothing to ask with
 */
export function usePreview(wanted: PreviewRequest | null): PreviewState {
  const text = useSettled(wanted && JSON.stringify(wanted))
  const [shown, setShown] = useState<PolicyPreview | null>(null)
  const query = useQuery({
    queryKey: ['policy-preview', text],
    queryFn: ({ signal }) => preview(JSON.parse(text ?? '') as PreviewRequest, signal),
    enabled: text !== null,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const latest = query.data?.data
  if (latest && latest !== shown) setShown(latest)
  return { shown: latest ?? shown, error: query.error, isFetching: query.isFetching, refetch: query.refetch }
}

/** The value once it has not changed for a while; at once when there was none before. */
function useSettled(value: string | null): string | null {
  const [settled, setSettled] = useState(value)
  if (settled === null && value !== null) setSettled(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
