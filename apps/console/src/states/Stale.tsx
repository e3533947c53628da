import { useEffect, useState } from 'react'
import { ago } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { ActionAlert } from '../parts/ActionAlert.tsx'
import { useFaultText } from './fault-text.ts'

/** How often a shown age is renewed: it is written in seconds at first. */
const AGE_RENEWED_MS = 5_000

/** The present, milliseconds since the epoch, renewed while the calling component is shown. */
export function useNowMs(): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), AGE_RENEWED_MS)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}

interface StaleProps {
  readonly error: unknown
  /** When what is shown was fetched, milliseconds since the epoch. */
  readonly updatedAtMs: number
  readonly onRetry: () => void
}

/** Says that what is shown below could not be renewed, and how old it is. */
export function Stale({ error, updatedAtMs, onRetry }: StaleProps) {
  const { say, locale } = useText()
  const faultText = useFaultText()
  const nowMs = Math.max(useNowMs(), updatedAtMs)
  const age = ago(new Date(updatedAtMs).toISOString(), nowMs, locale)
  return (
    <ActionAlert severity="warning" role="status" action={say('common.retry')} onAction={onRetry} sx={{ mb: 2 }}>
      {say('state.stale', { ago: age })} {faultText(error)}
    </ActionAlert>
  )
}
