import { Alert, Button, Stack, Typography } from '@mui/material'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { VerifyLinkAnswer } from '@turnpike/contract'
import { useState } from 'react'
import { Link as RouterLink, useLocation } from 'react-router-dom'
import { call, codeOf, fieldErrorsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { sessionQuery } from '../session.ts'
import { AccessPage } from './AccessPage.tsx'
import { Refusal } from './AccessForm.tsx'
import { CodeInput } from './CodeInput.tsx'
import { CODE_LENGTH } from './code-entry.ts'

/** Opened by the link of the verification mail, whose token is behind the #. Opening it changes nothing; its button does. */
export function VerifyLinkPage() {
  const { say } = useText()
  const queryClient = useQueryClient()
  const token = useLocation().hash.slice(1)
  const [code, setCode] = useState('')
  const verify = useMutation({
    mutationFn: (typed?: string) =>
      call<VerifyLinkAnswer>('/verify-link', {
        method: 'POST',
        body: { token, ...(typed !== undefined && { code: typed }) },
      }),
    onSuccess: async ({ state }) => {
      if (state === 'verified') await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
      else setAsksCode(true)
    },
    onError: () => setCode(''),
  })
  const [asksCode, setAsksCode] = useState(false)
  const change = (typed: string) => {
    verify.reset()
    setCode(typed)
    if (typed.length === CODE_LENGTH) verify.mutate(typed)
  }
  const isWrongCode = fieldErrorsOf(verify.error)?.['code'] !== undefined
  const isEnded = token === '' || (codeOf(verify.error) === 'request_invalid' && !isWrongCode)
  const isDone = verify.data?.state === 'verified'
  return (
    <AccessPage title={say('verifyLink.title')} text={say('verifyLink.text')}>
      <Stack spacing={2.5} sx={{ alignItems: 'flex-start' }}>
        <div aria-live="polite">
          {isDone && <Alert severity="success">{say('verifyLink.done')}</Alert>}
          {isEnded && <Alert severity="error">{say('verifyLink.invalid')}</Alert>}
          {isWrongCode && <Typography color="error">{say('verify.wrong')}</Typography>}
          {verify.isError && !isWrongCode && !isEnded && <Refusal error={verify.error} />}
          {asksCode && !isDone && <Typography>{say('verifyLink.code')}</Typography>}
        </div>
        {isDone && (
          <Button variant="contained" component={RouterLink} to="/">
            {say('verifyLink.continue')}
          </Button>
        )}
        {!isDone && !isEnded && asksCode && (
          <CodeInput value={code} busy={verify.isPending} invalid={isWrongCode} onChange={change} />
        )}
        {!isDone && !isEnded && !asksCode && (
          <Button variant="contained" size="large" loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
            {say('verifyLink.action')}
          </Button>
        )}
      </Stack>
    </AccessPage>
  )
}
