import { Alert } from '@mui/material'
import { codeOf, waitSecondsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { useRefusalText } from '../states/refusal.ts'
import type { ByokKind } from './calls.ts'
import { COLOURS } from './status.ts'
import type { TestState } from './tests.ts'

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
  if (state.kind === 'failed') {
    if (codeOf(state.error) !== 'rate_limited') return <Line severity="error" text={refusalText(state.error)} />
    return <Line severity="info" text={say('providerKeys.throttled', { seconds: waitSecondsOf(state.error) ?? 60 })} />
  }
  const { result, status, message } = state.answer
  const severity = COLOURS[result]
  const isEndpoint = kind === 'own-endpoints'
  // A rule of the gateway can be the cause, which only the server's sentence names.
  if (isEndpoint && result === 'unreachable') return <Line severity={severity} text={message} />
  const words = say(isEndpoint && result === 'ok' ? 'providerKeys.answers' : `providerKeys.result_${result}`, {
    server,
  })
  const isExplained = result !== 'ok' && status !== null
  return (
    <Line severity={severity} text={isExplained ? `${words} ${say('request.providerStatus', { status })}` : words} />
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
