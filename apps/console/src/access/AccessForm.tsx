import { Alert, Button, Stack } from '@mui/material'
import { useState, type ReactNode } from 'react'
import { Form } from 'react-admin'
import { codeOf, fieldErrorsOf, requestIdOf, waitSecondsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { useFaultText } from '../states/fault-text.ts'

interface AccessFormProps {
  readonly action: string
  readonly children: ReactNode
  /** Throws the API's refusal; field errors are then shown at their fields, others above the form. */
  readonly onSubmit: (values: Readonly<Record<string, string>>) => Promise<void>
}

/** The form of sign-up and sign-in. */
export function AccessForm({ action, children, onSubmit }: AccessFormProps) {
  const [refusal, setRefusal] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (values: object) => {
    setBusy(true)
    setRefusal(null)
    try {
      await onSubmit(values as Record<string, string>)
      return undefined
    } catch (error) {
      const fields = fieldErrorsOf(error)
      if (!fields) setRefusal(error)
      return fields ?? undefined
    } finally {
      setBusy(false)
    }
  }
  return (
    <Form onSubmit={submit} noValidate disableInvalidFormNotification>
      <Stack spacing={2.25}>
        {refusal !== null && <Refusal error={refusal} />}
        {children}
        <Button type="submit" variant="contained" size="large" loading={busy} fullWidth>
          {action}
        </Button>
      </Stack>
    </Form>
  )
}

/** Why the API refused; the request id only when the fault is ours. */
export function Refusal({ error }: { error: unknown }) {
  const { say } = useText()
  const faultText = useFaultText()
  const waitSeconds = waitSecondsOf(error)
  const requestId = requestIdOf(error)
  const isOurs = codeOf(error) === 'internal' || codeOf(error) === 'store_unavailable'
  const isLimited = codeOf(error) === 'rate_limited' && waitSeconds !== null
  return (
    <Alert severity="error" variant="outlined">
      {isLimited ? say('access.wait', { seconds: waitSeconds }) : faultText(error)}
      {isOurs && requestId && <div>{say('common.requestId', { id: requestId })}</div>}
    </Alert>
  )
}
