import { Box } from '@mui/material'
import type { UsageAnswer, UsageFigures } from '@turnpike/contract'
import { useNavigate } from 'react-router-dom'
import { dollarsApproximate, share } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped } from '../parts/Clipped.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { RowLink } from '../parts/RowLink.tsx'
import { useMay } from '../session.ts'
import { summed, useFigureColumns } from './figures.tsx'
import type { Period } from './period.ts'
import { requestsPath, useNames, type Group } from './groups.ts'

/** The only name in the table, so that it may be longer. */
const CHARS_MAX = 44

interface Line extends UsageFigures {
  readonly name: string
}

interface GroupTableProps {
  readonly answer: UsageAnswer
  readonly period: Period
  readonly group: Group
}

/** One line per model, provider or key; each leads to its requests. */
export function GroupTable({ answer, period, group }: GroupTableProps) {
  const { say } = useText()
  const navigate = useNavigate()
  const mayRead = useMay('requests:read')
  const nameOf = useNames(group, answer.labels)
  const total = dollarsApproximate(answer.totals.costNano)
  const path = (name: string) => requestsPath(group, name, period)
  const part = ({ costNano }: Line) => (total > 0 ? dollarsApproximate(costNano) / total : 0)
  const link = (name: string) => {
    const text = <Clipped text={nameOf(name)} chars={CHARS_MAX} />
    if (!mayRead) return text
    const label = say('usage.look', { name: nameOf(name) })
    return (
      <RowLink to={path(name)} label={label}>
        {text}
      </RowLink>
    )
  }
  const { requests, unsuccessful, tokens, cost } = useFigureColumns()
  const own = (name: string) => answer.buckets.flatMap(({ series }) => series[name] ?? [])
  const lines = answer.names.map((name) => ({ name, ...summed(own(name)) }))
  const columns: Column<Line>[] = [
    { id: 'name', label: say(`usage.group_${group}`), phone: 'title', render: ({ name }) => link(name) },
    ...[requests, unsuccessful, tokens, cost],
    { id: 'share', label: say('usage.share'), render: (line) => <Share part={part(line)} /> },
  ]
  return (
    <RecordTable
      label={say('usage.byGroup')}
      rows={lines}
      columns={columns}
      rowId={({ name }) => name}
      {...(mayRead && { onRow: ({ name }: Line) => void navigate(path(name)) })}
    />
  )
}

function Share({ part }: { part: number }) {
  const { locale } = useText()
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1 }}>
      <Box
        aria-hidden="true"
        sx={{ width: 72, height: 6, borderRadius: 1, backgroundColor: 'action.hover', overflow: 'hidden' }}
      >
        <Box sx={{ width: `${part * 100}%`, height: '100%', backgroundColor: 'gate.amber' }} />
      </Box>
      {share(part, locale)}
    </Box>
  )
}
