import { Box, Button, Link, Stack, Typography } from '@mui/material'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Session, SessionAnswer } from '@turnpike/contract'
import { useEffect, useState } from 'react'
import { useLogout } from 'react-admin'
import { Navigate } from 'react-router-dom'
import { call, codeOf, statusOf } from '../api.ts'
import { SIGN_IN_PATH } from '../authProvider.ts'
import { useText } from '../i18n/text.ts'
import { useLive, useLiveStream } from '../live.ts'
import { adoptSession, sessionQuery } from '../session.ts'
import { Failure } from '../states/Failure.tsx'
import { AccessPage } from './AccessPage.tsx'
import { Refusal } from './AccessForm.tsx'
import { CodeInput } from './CodeInput.tsx'
import { CODE_LENGTH } from './code-entry.ts'

/** Asks for the code of the mail. Opening its link anywhere leads on as well. */
export function VerifyPage() {
  const { say } = useText()
  const session = useQuery(sessionQuery)
  if (session.data === null) return <Navigate to={SIGN_IN_PATH} replace />
  if (session.data?.user.emailVerified) return <Navigate to="/start" replace />
  const email = session.data?.user.email ?? '…'
  return (
    <AccessPage title={say('verify.title')} text={say('verify.text', { email })}>
      {session.data && <Waiting session={session.data} />}
      {session.error !== null && <Failure error={session.error} onRetry={() => void session.refetch()} />}
    </AccessPage>
  )
}

function Waiting({ session }: { session: Session }) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const logout = useLogout()
  const [code, setCode] = useState('')
  useLiveStream()
  useLive('verified', () => void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }))
  const verify = useMutation({
    mutationFn: (wanted: string) => call<SessionAnswer>('/verify', { method: 'POST', body: { code: wanted } }),
    onSuccess: (answer) => adoptSession(queryClient, answer),
    onError: () => setCode(''),
  })
  const change = (typed: string) => {
    verify.reset()
    setCode(typed)
    if (typed.length === CODE_LENGTH) verify.mutate(typed)
  }
  const isWrong =
    verify.isError &&
    (statusOf(verify.error) === 422 || statusOf(verify.error) === 400 || codeOf(verify.error) === 'credentials_wrong')
  return (
    <Stack spacing={2.5}>
      <CodeInput value={code} busy={verify.isPending} invalid={isWrong} onChange={change} />
      <div aria-live="polite">
        {isWrong && <Typography color="error">{say('verify.wrong')}</Typography>}
        {verify.isError && !isWrong && <Refusal error={verify.error} />}
      </div>
      {session.mailboxUrl && (
        <div>
          <Link href={session.mailboxUrl} target="_blank" rel="noreferrer">
            {say('verify.mailbox')}
          </Link>
          <Typography variant="caption" component="p">
            {say('verify.mailboxHint')}
          </Typography>
        </div>
      )}
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start' }}>
        <Resend />
        <Button color="inherit" onClick={() => void logout(undefined, undefined, false)}>
          {say('verify.otherAccount')}
        </Button>
      </Box>
    </Stack>
  )
}

/** The server allows one mail every half minute; the button says how long is left. */
const RESEND_SECONDS = 30

function Resend() {
  const { say } = useText()
  const [left, setLeft] = useState(RESEND_SECONDS)
  const resend = useMutation({
    mutationFn: () => call('/verify/resend', { method: 'POST' }),
    onSettled: () => setLeft(RESEND_SECONDS),
  })
  useEffect(() => {
    const timer = setInterval(() => setLeft((seconds) => Math.max(seconds - 1, 0)), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div>
      <Button variant="outlined" disabled={left > 0} loading={resend.isPending} onClick={() => resend.mutate()}>
        {left > 0 ? say('verify.resendIn', { seconds: left }) : say('verify.resend')}
      </Button>
      <div aria-live="polite">
        {resend.isSuccess && <Typography variant="caption">{say('verify.resent')}</Typography>}
        {resend.isError && <Refusal error={resend.error} />}
      </div>
    </div>
  )
}
