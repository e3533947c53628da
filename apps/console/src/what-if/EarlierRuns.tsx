import { Button, Chip, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { WhatIfRun } from '@turnpike/contract'
import { count, momentShort } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { Moment } from '../parts/Moment.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { allPoliciesQuery } from '../policies/calls.ts'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { runsQuery } from './calls.ts'

interface EarlierRunsProps {
  readonly shownId: string | null
  readonly onShow: (id: string) => void
}

/** Recent simulations. */
export function EarlierRuns({ shownId, onShow }: EarlierRunsProps) {
  const { say } = useText()
  const query = useQuery(runsQuery)
  return (
    <section>
      <View query={query} skeleton={<RowsSkeleton rows={3} />}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty kind="unused" title={say('whatIf.noneTitle')} text={say('whatIf.noneText')} />
          ) : (
            <>
              <Typography variant="h2" sx={{ mb: 1.5 }}>
                {say('whatIf.earlier')}
              </Typography>
              <RunTable runs={data} shownId={shownId} onShow={onShow} />
            </>
          )
        }
      </View>
    </section>
  )
}

const COLOURS = {
  queued: 'default',
  running: 'info',
  done: 'success',
  failed: 'error',
  cancelled: 'warning',
} as const satisfies Record<WhatIfRun['state'], string>

function RunTable({ runs, shownId, onShow }: EarlierRunsProps & { readonly runs: readonly WhatIfRun[] }) {
  const { say, locale } = useText()
  const names = new Map(useQuery(allPoliciesQuery).data?.data.map(({ id, name }) => [id, name]))
  const nameOf = ({ policyId, version }: WhatIfRun) => {
    const name = policyId === null ? say('whatIf.newPolicy') : (names.get(policyId) ?? policyId)
    return version === null ? say('whatIf.draftOf', { name }) : say('common.versionOf', { name, version })
  }
  const nowMs = Date.now()
  const span = ({ from, to }: WhatIfRun) => `${momentShort(from, nowMs, locale)} – ${momentShort(to, nowMs, locale)}`
  const columns: Column<WhatIfRun>[] = [
    {
      id: 'policy',
      label: say('common.policy'),
      phone: 'title',
      render: (run) => (
        <Button size="small" onClick={() => onShow(run.id)} sx={{ ml: -2, textAlign: 'left', maxWidth: '100%' }}>
          <Clipped text={nameOf(run)} chars={NAME_CHARS_MAX} />
        </Button>
      ),
    },
    {
      id: 'state',
      label: say('common.status'),
      phone: 'title',
      render: ({ state }) => (
        <Chip size="small" variant="outlined" color={COLOURS[state]} label={say(`whatIf.state_${state}`)} />
      ),
    },
    { id: 'span', label: say('whatIf.range'), render: span },
    { id: 'rows', label: say('common.requests'), numeric: true, render: ({ rowsTotal }) => count(rowsTotal, locale) },
    { id: 'made', label: say('whatIf.made'), render: ({ createdAt }) => <Moment short at={createdAt} /> },
  ]
  return (
    <RecordTable
      label={say('whatIf.earlier')}
      rows={runs}
      columns={columns}
      rowId={({ id }) => id}
      isMarked={({ id }) => id === shownId}
    />
  )
}
