import { Alert, Box, Button, TextField } from '@mui/material'
import { POLICY_TEMPLATES } from '@turnpike/contract/lists'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useNotify } from 'react-admin'
import { useNavigate } from 'react-router-dom'
import { fieldErrorsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Page } from '../shell/Page.tsx'
import { Forbidden } from '../states/Failure.tsx'
import { createPolicy } from './calls.ts'
import { errorAt } from '../draft/draft.ts'
import { SAVED, UnsavedGuard } from '../draft/UnsavedGuard.tsx'
import { Editor } from './form/Editor.tsx'
import { useEditing } from './form/editing.ts'
import { useRefusalText } from '../states/refusal.ts'
import { SimulateButton } from './preview/SimulateButton.tsx'
import { TEMPLATE_NAMES } from './form/vocabulary.ts'

/** A policy that does not exist yet. Where it begins is part of the address. */
export default function NewPolicyPage() {
  const { say } = useText()
  const mayCreate = useMay('policies:update')
  return (
    <Page title={say('policies.create')} text={say('policies.newText')}>
      {mayCreate ? <NewPolicy /> : <Forbidden />}
    </Page>
  )
}

const BLANK = {}

function NewPolicy() {
  const { say } = useText()
  const [url] = useUrlState()
  const template = TEMPLATE_NAMES.find((name) => name === url.get('template'))
  const editing = useEditing(template ? POLICY_TEMPLATES[template] : BLANK, `new-${template ?? 'blank'}`)
  const first = template ? say(`policies.template_${template}`) : ''
  const [name, setName] = useState(first)
  const [isNameless, setIsNameless] = useState(false)
  const refusalText = useRefusalText()
  const creation = useCreation(editing.forget)
  const refusal = creation.variables?.document === editing.draft ? creation.error : null
  const nameError =
    isNameless && !name.trim() ? say('common.required') : errorAt(fieldErrorsOf(creation.error), ['name'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setIsNameless(!name.trim())
    if (name.trim() && !editing.isBroken) creation.mutate({ name: name.trim(), document: editing.draft })
  }
  return (
    <>
      <Box
        component="form"
        noValidate
        onSubmit={submit}
        sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'flex-start', mb: 2.5 }}
      >
        <TextField
          size="small"
          label={say('common.name')}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={nameError !== null}
          helperText={nameError ?? say('policies.nameHint')}
          autoComplete="off"
          sx={{ flex: '1 1 260px', maxWidth: 460 }}
        />
        <Button type="submit" variant="contained" disabled={editing.isBroken} loading={creation.isPending}>
          {say('policy.saveNew')}
        </Button>
        <SimulateButton document={editing.draft} name={name.trim()} disabled={editing.isBroken} />
      </Box>
      {refusal && (
        <Alert severity="error" sx={{ mb: 2.5 }}>
          {refusalText(refusal)}
        </Alert>
      )}
      <UnsavedGuard isNeeded={editing.isChanged || name.trim() !== first} isKept />
      <Editor policyId={null} editing={editing} readOnly={false} refusal={refusal} />
    </>
  )
}

function useCreation(onCreated: () => void) {
  const queryClient = useQueryClient()
  const notify = useNotify()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: ({ name, document }: { name: string; document: object }) => createPolicy(name, { ...document }),
    onSuccess: async ({ data }) => {
      await queryClient.invalidateQueries({ queryKey: ['policies'] })
      notify('policy.createdNotice', { type: 'success', messageArgs: { name: data.name } })
      onCreated()
      void navigate(`/policies/${data.id}?tab=attach`, { state: SAVED })
    },
  })
}
