import { useQuery } from '@tanstack/react-query'
import type { PolicyPreview } from '@turnpike/contract'
import { useEffect, useState } from 'react'
import { preview, type PreviewRequest } from '../calls.ts'

/** Debounce of typing. */
const SETTLED_MS = 400

export type PreviewState = ReturnType<typeof usePreview>

/**
 * What the draft would do to the sample. While it has a problem, the last preview stays.
 * @param wanted null: nothing to ask with
 */
export function usePreview(wanted: PreviewRequest | null) {
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
  return { ...query, shown: latest ?? shown }
}

/** The value once it has settled; at once when there was none before. */
function useSettled(value: string | null): string | null {
  const [settled, setSettled] = useState(value)
  if (settled === null && value !== null) setSettled(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
