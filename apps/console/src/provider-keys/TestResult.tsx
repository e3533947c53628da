import { Alert } from '@mui/material'
import { codeOf, waitSecondsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { useRefusalText } from '../states/refusal.ts'
import type { ByokKind } from './calls.ts'
import type { TestState } from './tests.ts'

const SEVERITIES = {
  ok: 'success',
  refused: 'error',
  unreachable: 'warning',
  limited: 'warning',
  unknown: 'warning',
} as const

interface TestResultProps {
  readonly state: TestState | null
  readonly kind: ByokKind
  /** Whom it was sent to, as readers call it. */
  readonly server: string
}

/** What a test call found, in a sentence. */
export function TestResult({ state, kind, server }: TestResultProps) {
  const { say } = useText()
  const refusalText = useRefusalText()
  if (!state) return null
  if (state.kind === 'running') return <Line severity="info" text={say('providerKeys.testing', { server })} />
  if (state.kind === 'done') {
    const { result, status, message } = state.answer
    const severity = SEVERITIES[result]
    // Why an address of one's own was not reached can be a rule of the gateway's, which only the server's sentence names.
    if (kind === 'own-endpoints' && result === 'unreachable') return <Line severity={severity} text={message} />
    const words = say(
      kind === 'own-endpoints' && result === 'ok' ? 'providerKeys.answers' : `providerKeys.result_${result}`,
      { server },
    )
    const isTold = result !== 'ok' && status !== null
    return <Line severity={severity} text={isTold ? `${words} ${say('request.providerStatus', { status })}` : words} />
  }
  const seconds = waitSecondsOf(state.error)
  const isThrottled = codeOf(state.error) === 'rate_limited'
  return (
    <Line
      severity={isThrottled ? 'info' : 'error'}
      text={isThrottled ? say('providerKeys.throttled', { seconds: seconds ?? 60 }) : refusalText(state.error)}
    />
  )
}

function Line({ severity, text }: { severity: 'success' | 'error' | 'warning' | 'info'; text: string }) {
  return (
    <div role="status">
      <Alert severity={severity} sx={{ mt: 1, py: 0, overflowWrap: 'anywhere' }}>
        {text}
      </Alert>
    </div>
  )
}
