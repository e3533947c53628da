import { Alert, Box, Button } from '@mui/material'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Organisation, OrganisationAnswer, OrganisationChange } from '@turnpike/contract'
import { useState } from 'react'
import { Form, required, useNotify } from 'react-admin'
import { call, fieldErrorsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { useFaultText } from '../states/fault-text.ts'
import { View } from '../states/View.tsx'

const organisationQuery = {
  queryKey: ['organisation'],
  queryFn: ({ signal }: { signal: AbortSignal }) => call<OrganisationAnswer>('/organisation', { signal }),
}

/** Times that are offered, seconds; another one that was set by the API is offered too. */
const TIMES = [3_600, 900, 300, 60, 0]

/** What owners and admins may change: the name, and how long keys go on unchecked. */
export function OrganisationForm() {
  const query = useQuery(organisationQuery)
  return (
    <View query={query} skeleton={<RowsSkeleton rows={2} />}>
      {({ data }) => <Settings key={`${data.name} ${data.staleMaxSeconds}`} organisation={data} />}
    </View>
  )
}

function Settings({ organisation }: { organisation: Organisation }) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const faultText = useFaultText()
  const [refusal, setRefusal] = useState<unknown>(null)
  const save = async ({ name = '', staleMaxSeconds = '' }: Readonly<Record<string, string>>) => {
    const body: OrganisationChange = { name: name.trim(), staleMaxSeconds: Number(staleMaxSeconds) }
    try {
      const answer = await call<OrganisationAnswer>('/organisation', { method: 'PATCH', body })
      setRefusal(null)
      queryClient.setQueryData(organisationQuery.queryKey, answer)
      await queryClient.invalidateQueries({ queryKey: ['session'] })
      notify('common.saved', { type: 'success' })
      return undefined
    } catch (error) {
      const fields = fieldErrorsOf(error)
      if (!fields) setRefusal(error)
      return fields ?? undefined
    }
  }
  return (
    <Form record={organisation} onSubmit={save} noValidate disableInvalidFormNotification>
      <Box sx={{ display: 'grid', gap: 2.5, justifyItems: 'start' }}>
        {refusal !== null && <Alert severity="error">{faultText(refusal)}</Alert>}
        <FormText
          source="name"
          label={say('common.name')}
          validate={required(say('common.required'))}
          autoComplete="off"
        />
        <StaleMax seconds={organisation.staleMaxSeconds} />
        <Button type="submit" variant="contained">
          {say('common.save')}
        </Button>
      </Box>
    </Form>
  )
}

function StaleMax({ seconds }: { seconds: number }) {
  const { say } = useText()
  const times = TIMES.includes(seconds) ? TIMES : [...TIMES, seconds].toSorted((a, b) => b - a)
  return (
    <FormText
      source="staleMaxSeconds"
      select
      label={say('settings.staleMax')}
      helperText={say('settings.staleMaxHint')}
      slotProps={{ select: { native: true }, inputLabel: { shrink: true } }}
    >
      {times.map((time) => (
        <option key={time} value={time}>
          {time === 0
            ? say('settings.staleNever')
            : time % 60 === 0
              ? say('settings.staleMinutes', { smart_count: time / 60 })
              : say('settings.staleSeconds', { smart_count: time })}
        </option>
      ))}
    </FormText>
  )
}
