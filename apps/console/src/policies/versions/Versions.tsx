import { Box, Button, Card, Chip, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { Policy, PolicyVersion } from '@turnpike/contract'
import { useState } from 'react'
import { useText } from '../../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX, ONE_COLUMN } from '../../parts/Clipped.tsx'
import { CodeBlock } from '../../parts/CodeBlock.tsx'
import { Moment } from '../../parts/Moment.tsx'
import { RecordTable, type Column } from '../../parts/RecordTable.tsx'
import { Select } from '../../parts/Select.tsx'
import { useUrlState } from '../../parts/url-state.ts'
import { RowsSkeleton } from '../../states/Loading.tsx'
import { View } from '../../states/View.tsx'
import { rollBack, versionsQuery } from '../calls.ts'
import { Changes } from './Changes.tsx'
import { asJson } from '../../draft/draft.ts'
import { VersionDialog } from './VersionDialog.tsx'

interface VersionsProps {
  readonly policy: Policy
  readonly mayRollBack: boolean
  readonly onRolledBack: (newest: Policy) => void
}

/** Every version of a policy, and what differs between the two in the address. */
export function Versions({ policy, mayRollBack, onRolledBack }: VersionsProps) {
  const { say } = useText()
  const query = useQuery(versionsQuery(policy))
  const [goal, setGoal] = useState<PolicyVersion | null>(null)
  return (
    <View query={query} skeleton={<RowsSkeleton rows={3} />}>
      {({ data }) => (
        <Box sx={{ ...ONE_COLUMN, gap: 3 }}>
          <VersionTable
            versions={data}
            current={policy.version}
            {...(mayRollBack && { onRollBack: (version: PolicyVersion) => setGoal(version) })}
          />
          <Comparison versions={data} current={policy.version} />
          {goal && (
            <VersionDialog
              title={say('policy.rollbackTitle', { version: goal.version })}
              action={say('policy.rollback')}
              policy={policy}
              before={policy.document}
              after={goal.document}
              run={() => rollBack(policy, goal.version)}
              notice={['policy.rolledBackNotice', { version: policy.version + 1 }]}
              onSaved={onRolledBack}
              onClose={() => setGoal(null)}
            >
              <Typography sx={{ mb: 2.5 }}>{say('policy.rollbackText', { version: policy.version + 1 })}</Typography>
            </VersionDialog>
          )}
        </Box>
      )}
    </View>
  )
}

interface VersionTableProps {
  readonly versions: readonly PolicyVersion[]
  readonly current: number
  readonly onRollBack?: (version: PolicyVersion) => void
}

function VersionTable({ versions, current, onRollBack }: VersionTableProps) {
  const { say } = useText()
  const columns: Column<PolicyVersion>[] = [
    {
      id: 'version',
      label: say('common.version'),
      phone: 'title',
      render: ({ version }) => (
        <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', fontWeight: 600 }}>
          {version}
          {version === current && (
            <Chip size="small" variant="outlined" color="success" label={say('policy.current')} />
          )}
        </Box>
      ),
    },
    {
      id: 'author',
      label: say('policy.author'),
      render: ({ author }) => <Clipped text={author ?? say('policy.system')} chars={NAME_CHARS_MAX} />,
    },
    { id: 'saved', label: say('policy.savedAt'), render: ({ createdAt }) => <Moment short at={createdAt} /> },
  ]
  if (onRollBack) {
    columns.push({
      id: 'back',
      label: say('common.actions'),
      numeric: true,
      phone: 'title',
      render: (version) =>
        version.version !== current && (
          <Button
            size="small"
            color="inherit"
            aria-label={say('policy.rollbackTo', { version: version.version })}
            onClick={() => onRollBack(version)}
          >
            {say('policy.rollback')}
          </Button>
        ),
    })
  }
  return (
    <RecordTable
      label={say('policies.versionsTab')}
      rows={versions}
      columns={columns}
      rowId={({ version }) => String(version)}
    />
  )
}

function Comparison({ versions, current }: { versions: readonly PolicyVersion[]; current: number }) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const find = (name: string, otherwise: number) => {
    const wanted = Number(url.get(name) ?? otherwise)
    return versions.find(({ version }) => version === wanted) ?? versions[0]
  }
  const from = find('from', Math.max(current - 1, 1))
  const to = find('to', current)
  if (versions.length < 2 || !from || !to) return null
  const options = versions.map(({ version }) => [String(version), String(version)] as const)
  const title = say('policy.difference', { from: from.version, to: to.version })
  return (
    <Card component="section" aria-label={title} sx={{ p: { xs: 2, sm: 3 }, ...ONE_COLUMN, gap: 2 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5 }}>
        <Select
          label={say('policy.compareFrom')}
          value={String(from.version)}
          options={options}
          onChange={(value) => setUrl({ from: value })}
        />
        <Select
          label={say('policy.compareTo')}
          value={String(to.version)}
          options={options}
          onChange={(value) => setUrl({ to: value })}
        />
      </Box>
      <Typography variant="h2">{title}</Typography>
      <Changes before={from.document} after={to.document} />
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { md: '1fr 1fr' }, '& > *': { minWidth: 0 } }}>
        {[from, to].map(({ version, document }, side) => (
          <CodeBlock
            key={side === 0 ? 'from' : 'to'}
            code={asJson(document)}
            label={say('policy.json', { version })}
            copyLabel={say('common.copyJson')}
          />
        ))}
      </Box>
    </Card>
  )
}
