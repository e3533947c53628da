import { Button, Dialog, DialogContent, DialogTitle, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { SessionAnswer } from '@turnpike/contract'
import { useId } from 'react'
import { required } from 'react-admin'
import { AccessForm } from '../access/AccessForm.tsx'
import { PasswordField } from '../access/PasswordField.tsx'
import { call } from '../api.ts'
import { sessionExpiry, useIsExpired } from '../expiry.ts'
import { useText } from '../i18n/text.ts'
import { adoptSession, noteSignedOut, sessionQuery, useSession } from '../session.ts'

/** Over the page when the session has ended: the same person signs in, and what was asked for goes on. */
export function SignInDialog() {
  return useIsExpired() ? <Expired /> : null
}

function Expired() {
  const { say } = useText()
  const titleId = useId()
  const queryClient = useQueryClient()
  const { email } = useSession().user
  const signIn = async ({ password = '' }: Readonly<Record<string, string>>) => {
    const body = { email, password }
    await adoptSession(queryClient, await call<SessionAnswer>('/sign-in', { method: 'POST', body }))
    sessionExpiry.settle(true)
  }
  const leave = () => {
    noteSignedOut()
    sessionExpiry.settle(false)
    queryClient.setQueryData(sessionQuery.queryKey, null)
  }
  return (
    <Dialog open fullWidth maxWidth="xs" aria-labelledby={titleId}>
      <DialogTitle id={titleId}>{say('expired.title')}</DialogTitle>
      <DialogContent>
        <Typography sx={{ mb: 2, overflowWrap: 'anywhere' }}>{say('expired.text', { email })}</Typography>
        <AccessForm action={say('access.signIn')} onSubmit={signIn}>
          <PasswordField autoComplete="current-password" validate={required(say('common.required'))} />
        </AccessForm>
        <Button color="inherit" fullWidth onClick={leave} sx={{ mt: 1 }}>
          {say('nav.signOut')}
        </Button>
      </DialogContent>
    </Dialog>
  )
}
