import { Alert, Box, Button, Card } from '@mui/material'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ApiKey, Policy } from '@turnpike/contract'
import { useState } from 'react'
import { useGetList } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { Choice } from '../parts/Choice.tsx'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { Select } from '../parts/Select.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { allPoliciesQuery, versionsQuery } from '../policies/calls.ts'
import { useRefusalText } from '../states/refusal.ts'
import { useMay } from '../session.ts'
import { startRun } from './calls.ts'
import { keptDraft } from './draft.ts'
import { selectionOf, RANGES, rangeOf, runBodyOf, type Selection as Chosen } from './selection.ts'

const DRAFT = 'draft'

/** Chooses the policy and the requests, and starts the simulation. */
export function Setup({ onStarted }: { onStarted: (runId: string) => void }) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const mayStart = useMay('policies:update')
  const refusalText = useRefusalText()
  const [draft] = useState(keptDraft)
  const policies = useQuery(allPoliciesQuery).data?.data ?? []
  const asked = selectionOf(url)
  const policy = asked.kind === 'policy' ? policies.find(({ id }) => id === asked.id) : undefined
  const choice: Chosen =
    asked.kind === 'policy' ? { ...asked, version: asked.version ?? policy?.version ?? null } : asked
  const range = rangeOf(url)
  const keyId = url.get('key') ?? ''
  const start = useMutation({ mutationFn: startRun, onSuccess: ({ data }) => onStarted(data.id) })
  const submit = () => {
    const body = runBodyOf(choice, draft, range, keyId, Date.now())
    if (body) start.mutate(body)
  }
  const isReady = runBodyOf(choice, draft, range, keyId, 0) !== null
  return (
    <Card component="section" aria-label={say('nav.settings')} sx={{ p: { xs: 2, sm: 2.5 }, ...ONE_COLUMN, gap: 2 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 2, alignItems: 'center' }}>
        <PolicySelect
          choice={choice}
          policies={policies}
          draftName={draft && (draft.name || say('whatIf.newPolicy'))}
        />
        {policy && choice.kind === 'policy' && <VersionSelect policy={policy} version={choice.version} />}
        <KeySelect value={keyId} onChange={(key) => setUrl({ key })} />
        <Choice
          label={say('whatIf.range')}
          value={range}
          options={RANGES.map((value) => ({ value, label: say(`usage.range_${value}`) }))}
          onChange={(value) => setUrl({ range: value })}
        />
        <Button variant="contained" disabled={!isReady || !mayStart} loading={start.isPending} onClick={submit}>
          {say('whatIf.start')}
        </Button>
      </Box>
      {!mayStart && <Alert severity="info">{say('whatIf.mayNot')}</Alert>}
      {asked.kind === 'draft' && !draft && <Alert severity="warning">{say('whatIf.noDraft')}</Alert>}
      {start.error !== null && <Alert severity="error">{refusalText(start.error)}</Alert>}
    </Card>
  )
}

interface PolicySelectProps {
  readonly choice: Chosen
  readonly policies: readonly Policy[]
  readonly draftName: string | null
}

function PolicySelect({ choice, policies, draftName }: PolicySelectProps) {
  const { say } = useText()
  const [, setUrl] = useUrlState()
  const value = choice.kind === 'draft' ? DRAFT : choice.kind === 'policy' ? choice.id : ''
  const options: (readonly [string, string])[] = [
    ['', say('whatIf.choose')],
    ...(draftName === null ? [] : [[DRAFT, say('whatIf.draftOf', { name: draftName })] as const]),
    ...policies.map(({ id, name }) => [id, name] as const),
  ]
  const change = (wanted: string) =>
    setUrl({
      draft: wanted === DRAFT ? '1' : null,
      policy: wanted === DRAFT ? null : wanted,
      version: null,
    })
  return <Select label={say('common.policy')} value={value} options={options} onChange={change} minWidth={220} />
}

function VersionSelect({ policy, version }: { policy: Policy; version: number | null }) {
  const { say } = useText()
  const [, setUrl] = useUrlState()
  const [isWanted, setIsWanted] = useState(false)
  const query = useQuery({ ...versionsQuery(policy), enabled: isWanted })
  const known = query.data?.data.map((one) => one.version) ?? []
  const versions = [...new Set([policy.version, ...(version === null ? [] : [version]), ...known])].toSorted(
    (a, b) => b - a,
  )
  return (
    <Select
      label={say('common.version')}
      value={String(version ?? policy.version)}
      options={versions.map((one) => [String(one), say('whatIf.versionNumber', { version: one })])}
      onChange={(wanted) => setUrl({ version: wanted })}
      onOpen={() => setIsWanted(true)}
      minWidth={130}
    />
  )
}

/** Keys to choose from. Beyond them, a reader simulates all requests or opens a key's link. */
const KEYS_MAX = 100

/** Whose requests: all, or those of one key. Keys are fetched when the list is needed. */
function KeySelect({ value, onChange }: { value: string; onChange: (keyId: string) => void }) {
  const { say } = useText()
  const [isWanted, setIsWanted] = useState(value !== '')
  const query = useGetList<ApiKey>('keys', { pagination: { page: 1, perPage: KEYS_MAX } }, { enabled: isWanted })
  const keys = query.data ?? []
  const options: (readonly [string, string])[] = [
    ['', say('whatIf.allKeys')],
    ...keys.map(({ id, name }) => [id, name] as const),
  ]
  if (value && !keys.some(({ id }) => id === value)) options.push([value, value])
  return (
    <Select
      label={say('whatIf.key')}
      value={value}
      options={options}
      onChange={onChange}
      onOpen={() => setIsWanted(true)}
    />
  )
}
