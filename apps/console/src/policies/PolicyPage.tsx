import BackIcon from '@mui/icons-material/ArrowBack'
import { Button, Tab, Tabs } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { Policy, PolicyWarning } from '@turnpike/contract'
import { useState } from 'react'
import { Link, useParams } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Page } from '../shell/Page.tsx'
import { BlockSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { Attachments } from './Attachments.tsx'
import { policyQuery } from './calls.ts'
import { UnsavedGuard } from '../draft/UnsavedGuard.tsx'
import { EditTab } from './form/EditTab.tsx'
import { useEditing } from './form/editing.ts'
import { scopesText } from './scopes.ts'
import { Versions } from './versions/Versions.tsx'

const TABS = ['edit', 'versions', 'attach'] as const
const TAB_LABELS = { edit: 'common.policy', versions: 'policies.versionsTab', attach: 'policies.attached' } as const

/** One policy: what it says, what it said before, and for whom. */
export default function PolicyPage() {
  const { say } = useText()
  const { id = '' } = useParams()
  const query = useQuery(policyQuery(id))
  const policy = query.data?.data
  const back = (
    <Button component={Link} to="/policies" color="inherit" startIcon={<BackIcon />}>
      {say('policies.back')}
    </Button>
  )
  const text = policy && say('policies.headline', { version: policy.version, scope: scopesText(policy, say) })
  return (
    <Page title={policy?.name ?? say('common.policy')} text={text} actions={back}>
      <View query={query} skeleton={<BlockSkeleton height={480} />}>
        {({ data, warnings }) => <Loaded key={data.id} newest={data} warnings={warnings} />}
      </View>
    </Page>
  )
}

/** A policy of everybody's keys is changed by those who may attach it to them. */
function useMayChange({ attached }: Policy): boolean {
  const mayUpdate = useMay('policies:update')
  const mayWidely = useMay('policies:attach-widely')
  const isWide = attached.organisation || attached.workspaces.length > 0
  return mayUpdate && (mayWidely || !isWide)
}

/** The draft lives above the tabs, so that looking at an old version does not lose it. */
function Loaded({ newest, warnings }: { newest: Policy; warnings: readonly PolicyWarning[] }) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const tab = TABS.find((name) => name === url.get('tab')) ?? 'edit'
  const readOnly = !useMayChange(newest)
  // The base of the draft stays when another user saves a version, so that no draft is lost.
  const [base, setBase] = useState(newest)
  const editing = useEditing(base.document, newest.id)
  const load = (policy: Policy) => {
    setBase(policy)
    editing.change(policy.document)
  }
  return (
    <>
      <UnsavedGuard isNeeded={editing.isChanged} isKept />
      <Tabs
        value={tab}
        onChange={(_event, name: string) => setUrl({ tab: name === 'edit' ? null : name })}
        aria-label={newest.name}
        variant="scrollable"
        sx={{ mb: 2.5 }}
      >
        {TABS.map((name) => (
          <Tab key={name} value={name} label={say(TAB_LABELS[name])} id={`tab-${name}`} aria-controls="policy" />
        ))}
      </Tabs>
      <div id="policy" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'edit' && (
          <EditTab {...{ newest, base, editing, warnings, readOnly }} onBase={setBase} onLoad={load} />
        )}
        {tab === 'versions' && (
          <Versions policy={newest} mayRollBack={!readOnly && !editing.isChanged} onRolledBack={load} />
        )}
        {tab === 'attach' && <Attachments policy={newest} />}
      </div>
    </>
  )
}
