import { Link, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { SessionAnswer } from '@turnpike/contract'
import { required } from 'react-admin'
import { Link as RouterLink, useNavigate } from 'react-router-dom'
import { call } from '../api.ts'
import { PASSWORD_BYTES_MAX, PASSWORD_LENGTH_MIN } from '@turnpike/contract/lists'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'
import { adoptSession } from '../session.ts'
import { AccessForm } from './AccessForm.tsx'
import { AccessPage } from './AccessPage.tsx'
import { PasswordField } from './PasswordField.tsx'

/** Requires an e-mail address and a password only. */
export function SignUpPage() {
  const { say } = useText()
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const needed = required(say('common.required'))
  const sensible = (password: string) => {
    if (password.length < PASSWORD_LENGTH_MIN) return say('access.passwordShort')
    return new TextEncoder().encode(password).length > PASSWORD_BYTES_MAX ? say('access.passwordLong') : undefined
  }
  const plausible = (email: string) => (/^\S+@\S+\.\S+$/.test(email.trim()) ? undefined : say('access.emailWrong'))
  const signUp = async ({ email = '', password = '', organisation = '' }: Readonly<Record<string, string>>) => {
    const body = { email: email.trim(), password, ...(organisation.trim() && { organisation: organisation.trim() }) }
    await adoptSession(queryClient, await call<SessionAnswer>('/sign-up', { method: 'POST', body }))
    await navigate('/verify')
  }
  return (
    <AccessPage title={say('access.signUp')} text={say('access.signUpText')}>
      <AccessForm action={say('access.signUpAction')} onSubmit={signUp}>
        <FormText
          source="email"
          label={say('common.email')}
          type="email"
          autoComplete="email"
          autoFocus
          validate={[needed, plausible]}
        />
        <PasswordField autoComplete="new-password" hint={say('access.passwordHint')} validate={[needed, sensible]} />
        <FormText
          source="organisation"
          label={say('access.organisation')}
          autoComplete="organization"
          helperText={say('access.organisationHint')}
        />
      </AccessForm>
      <Typography color="textSecondary" sx={{ mt: 3 }}>
        {say('access.haveAccount')}{' '}
        <Link component={RouterLink} to="/sign-in">
          {say('access.signIn')}
        </Link>
      </Typography>
    </AccessPage>
  )
}
