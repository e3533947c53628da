import { Alert, Box, Button, Chip, Divider, Typography } from '@mui/material'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { SessionList, SessionRow } from '@turnpike/contract'
import { useState } from 'react'
import { Form, required, useLogout, useNotify } from 'react-admin'
import { NewPasswordField, PasswordField } from '../access/PasswordField.tsx'
import { call, fieldErrorsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { Moment } from '../parts/Moment.tsx'
import { noteSignedOut, sessionQuery } from '../session.ts'
import { RowsSkeleton } from '../states/Loading.tsx'
import { useFaultText } from '../states/fault-text.ts'
import { View } from '../states/View.tsx'

const sessionsQuery = {
  queryKey: ['sessions'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<SessionList>('/sessions', { signal }),
}

/** The password, and where one is signed in. */
export function Security() {
  const { say } = useText()
  const query = useQuery(sessionsQuery)
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2.5 }}>
      <PasswordChange />
      <Divider />
      <Typography variant="h3">{say('security.sessions')}</Typography>
      <View query={query} skeleton={<RowsSkeleton rows={2} />}>
        {({ data }) => <Sessions rows={data} />}
      </View>
      <Divider />
      <EndAll />
    </Box>
  )
}

function PasswordChange() {
  const { say } = useText()
  const notify = useNotify()
  const queryClient = useQueryClient()
  const faultText = useFaultText()
  const [refusal, setRefusal] = useState<unknown>(null)
  // A new form forgets what was typed into the last one.
  const [made, setMade] = useState(0)
  const change = async ({ current = '', password = '' }: Readonly<Record<string, string>>) => {
    setRefusal(null)
    try {
      await call('/password/change', { method: 'POST', body: { current, password } })
      setMade(made + 1)
      notify('security.changed', { type: 'success' })
      await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey })
      return undefined
    } catch (error) {
      const fields = fieldErrorsOf(error)
      if (!fields) setRefusal(error)
      return fields ?? undefined
    }
  }
  return (
    <Form key={made} onSubmit={change} noValidate disableInvalidFormNotification>
      <Box sx={{ display: 'grid', gap: 2.5, justifyItems: 'start' }}>
        {refusal !== null && <Alert severity="error">{faultText(refusal)}</Alert>}
        <PasswordField
          source="current"
          label={say('security.current')}
          autoComplete="current-password"
          validate={required(say('common.required'))}
        />
        <NewPasswordField label={say('reset.password')} />
        <Button type="submit" variant="contained">
          {say('security.change')}
        </Button>
      </Box>
    </Form>
  )
}

function Sessions({ rows }: { rows: readonly SessionRow[] }) {
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, ...ONE_COLUMN, gap: 2 }}>
      {rows.map((row) => (
        <SessionEntry key={row.id} row={row} />
      ))}
    </Box>
  )
}

function SessionEntry({ row }: { row: SessionRow }) {
  const { say } = useText()
  const notify = useNotify()
  const queryClient = useQueryClient()
  const faultText = useFaultText()
  const end = useMutation({
    mutationFn: () => call(`/sessions/${row.id}/end`, { method: 'POST' }),
    onSuccess: () => notify('security.ended', { type: 'success' }),
    onError: (error) => notify(faultText(error), { type: 'error' }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  })
  return (
    <Box component="li" sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, justifyContent: 'space-between' }}>
      <Box sx={{ minWidth: 0, flex: '1 1 240px', overflowWrap: 'anywhere' }}>
        <Typography>
          {row.userAgent || say('security.unknownDevice')}{' '}
          {row.isThis && <Chip size="small" variant="outlined" color="success" label={say('security.thisOne')} />}
        </Typography>
        <Typography variant="caption" component="p">
          {say('security.network')}: {row.network || say('common.none')}
        </Typography>
        <Typography variant="caption" component="p">
          {say('security.began')}: <Moment at={row.createdAt} /> · {say('security.lastSeen')}:{' '}
          <Moment at={row.lastSeenAt} />
        </Typography>
      </Box>
      {!row.isThis && (
        <Button
          variant="outlined"
          color="inherit"
          sx={{ alignSelf: 'flex-start' }}
          loading={end.isPending}
          aria-label={say('security.endNamed', { network: row.network })}
          onClick={() => end.mutate()}
        >
          {say('security.end')}
        </Button>
      )}
    </Box>
  )
}

function EndAll() {
  const { say } = useText()
  const notify = useNotify()
  const logout = useLogout()
  const queryClient = useQueryClient()
  const faultText = useFaultText()
  const endAll = useMutation({
    mutationFn: () => call('/sessions/end-all', { method: 'POST' }),
    onSuccess: async () => {
      noteSignedOut()
      // The session has ended already: signing out must not ask for it again.
      queryClient.setQueryData(sessionQuery.queryKey, null)
      await logout(undefined, undefined, false)
    },
    onError: (error) => notify(faultText(error), { type: 'error' }),
  })
  return (
    <Box sx={{ display: 'grid', gap: 1, justifyItems: 'start' }}>
      <Button variant="outlined" color="error" loading={endAll.isPending} onClick={() => endAll.mutate()}>
        {say('security.endAll')}
      </Button>
      <Typography variant="caption">{say('security.endAllText')}</Typography>
    </Box>
  )
}
