import { Link, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { SessionAnswer } from '@turnpike/contract'
import { required, type Validator } from 'react-admin'
import { Link as RouterLink, useLocation, useNavigate } from 'react-router-dom'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'
import { adoptSession } from '../session.ts'
import { AccessForm } from './AccessForm.tsx'
import { AccessPage } from './AccessPage.tsx'
import { NewPasswordField, PasswordField } from './PasswordField.tsx'

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
        <EmailField autoComplete="username" validate={needed} />
        <PasswordField autoComplete="current-password" validate={needed} />
      </AccessForm>
      <Typography sx={{ mt: 2.5 }}>
        <Link component={RouterLink} to="/forgot">
          {say('forgot.link')}
        </Link>
      </Typography>
      <OtherPage question={say('access.noAccount')} to="/sign-up" text={say('access.signUp')} />
    </AccessPage>
  )
}

/** Requires an e-mail address and a password only. */
export function SignUpPage() {
  const { say } = useText()
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const needed = required(say('common.required'))
  const plausible = (email: string) => (/^\S+@\S+\.\S+$/.test(email.trim()) ? undefined : say('access.emailWrong'))
  const signUp = async ({ email = '', password = '', organisation = '' }: Readonly<Record<string, string>>) => {
    const body = { email: email.trim(), password, ...(organisation.trim() && { organisation: organisation.trim() }) }
    await adoptSession(queryClient, await call<SessionAnswer>('/sign-up', { method: 'POST', body }))
    await navigate('/verify')
  }
  return (
    <AccessPage title={say('access.signUp')} text={say('access.signUpText')}>
      <AccessForm action={say('access.signUpAction')} onSubmit={signUp}>
        <EmailField autoComplete="email" validate={[needed, plausible]} />
        <NewPasswordField />
        <FormText
          source="organisation"
          label={say('access.organisation')}
          autoComplete="organization"
          helperText={say('access.organisationHint')}
        />
      </AccessForm>
      <OtherPage question={say('access.haveAccount')} to="/sign-in" text={say('access.signIn')} />
    </AccessPage>
  )
}

interface EmailFieldProps {
  readonly autoComplete: 'username' | 'email'
  readonly validate: Validator | Validator[]
}

/** The address of an account. */
export function EmailField(props: EmailFieldProps) {
  const { say } = useText()
  return <FormText source="email" label={say('common.email')} type="email" autoFocus {...props} />
}

interface OtherPageProps {
  readonly question: string
  readonly to: string
  readonly text: string
}

/** For those who came to the wrong page. */
export function OtherPage({ question, to, text }: OtherPageProps) {
  return (
    <Typography color="textSecondary" sx={{ mt: 3 }}>
      {question}{' '}
      <Link component={RouterLink} to={to}>
        {text}
      </Link>
    </Typography>
  )
}
