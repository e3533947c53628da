import { Link, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { SessionAnswer } from '@turnpike/contract'
import { required } from 'react-admin'
import { Link as RouterLink, useLocation, useNavigate } from 'react-router-dom'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'
import { adoptSession } from '../session.ts'
import { AccessForm } from './AccessForm.tsx'
import { AccessPage } from './AccessPage.tsx'
import { PasswordField } from './PasswordField.tsx'

/** The page from which react-admin redirected. */
interface Origin {
  readonly nextPathname?: string
  readonly nextSearch?: string
}

/** Back to the page that one came for. */
export function SignInPage() {
  const { say } = useText()
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const origin = useLocation().state as Origin | null
  const needed = required(say('common.required'))
  const signIn = async ({ email = '', password = '' }: Readonly<Record<string, string>>) => {
    const body = { email: email.trim(), password }
    const session = await adoptSession(queryClient, await call<SessionAnswer>('/sign-in', { method: 'POST', body }))
    const wanted = `${origin?.nextPathname ?? '/'}${origin?.nextSearch ?? ''}`
    await navigate(session.user.emailVerified ? wanted : '/verify')
  }
  return (
    <AccessPage title={say('access.signIn')} text={say('access.signInText')}>
      <AccessForm action={say('access.signIn')} onSubmit={signIn}>
        <FormText
          source="email"
          label={say('common.email')}
          type="email"
          autoComplete="username"
          autoFocus
          validate={needed}
        />
        <PasswordField autoComplete="current-password" validate={needed} />
      </AccessForm>
      <Typography color="textSecondary" sx={{ mt: 3 }}>
        {say('access.noAccount')}{' '}
        <Link component={RouterLink} to="/sign-up">
          {say('access.signUp')}
        </Link>
      </Typography>
    </AccessPage>
  )
}
