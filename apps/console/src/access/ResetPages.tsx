import { Alert, Link, Stack } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { SessionAnswer } from '@turnpike/contract'
import { useState } from 'react'
import { required } from 'react-admin'
import { Link as RouterLink, useLocation, useNavigate } from 'react-router-dom'
import { call, codeOf, fieldErrorsOf } from '../api.ts'
import { SIGN_IN_PATH } from '../authProvider.ts'
import { useText } from '../i18n/text.ts'
import { adoptSession } from '../session.ts'
import { AccessForm } from './AccessForm.tsx'
import { AccessPage } from './AccessPage.tsx'
import { NewPasswordField } from './PasswordField.tsx'
import { EmailField, OtherPage } from './SignPages.tsx'

/** Asks for a mail with a link. Says the same whether or not there is such an account. */
export function ForgotPage() {
  const { say } = useText()
  const [sentTo, setSentTo] = useState<string | null>(null)
  const send = async ({ email = '' }: Readonly<Record<string, string>>) => {
    await call('/password/forgot', { method: 'POST', body: { email: email.trim() } })
    setSentTo(email.trim())
  }
  return (
    <AccessPage title={say('forgot.title')} text={say('forgot.text')}>
      {sentTo === null ? (
        <AccessForm action={say('forgot.action')} onSubmit={send}>
          <EmailField autoComplete="username" validate={required(say('common.required'))} />
        </AccessForm>
      ) : (
        <Alert severity="success" variant="outlined">
          {say('forgot.sent', { email: sentTo })}
        </Alert>
      )}
      <OtherPage question={say('forgot.back')} to={SIGN_IN_PATH} text={say('access.signIn')} />
    </AccessPage>
  )
}

/** Opened by the link of the mail, whose token is behind the #. */
export function ResetPage() {
  const { say } = useText()
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const token = useLocation().hash.slice(1)
  const [isEnded, setIsEnded] = useState(token === '')
  const reset = async ({ password = '' }: Readonly<Record<string, string>>) => {
    try {
      const answer = await call<SessionAnswer>('/password/reset', { method: 'POST', body: { token, password } })
      await adoptSession(queryClient, answer)
      await navigate('/')
    } catch (error) {
      const isAboutPassword = fieldErrorsOf(error)?.['password'] !== undefined
      if (codeOf(error) !== 'request_invalid' || isAboutPassword) throw error
      setIsEnded(true)
    }
  }
  return (
    <AccessPage title={say('reset.title')} text={say('reset.text')}>
      {isEnded ? (
        <Stack spacing={2}>
          <Alert severity="error" variant="outlined">
            {say('reset.invalid')}
          </Alert>
          <Link component={RouterLink} to="/forgot">
            {say('reset.again')}
          </Link>
        </Stack>
      ) : (
        <AccessForm action={say('reset.action')} onSubmit={reset}>
          <NewPasswordField label={say('reset.password')} />
        </AccessForm>
      )}
    </AccessPage>
  )
}
