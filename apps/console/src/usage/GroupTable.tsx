import Box from '@mui/material/Box'
import Link from '@mui/material/Link'
import type { UsageAnswer, UsageFigures } from '@turnpike/contract'
import { Link as RouterLink, useNavigate } from 'react-router-dom'
import { count, dollarsApproximate, share, sumNano } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Money } from '../parts/Money.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { useMay } from '../session.ts'
import { requestsPath } from './drill.ts'
import type { Period } from './period.ts'
import { useNames, type Group } from './groups.ts'

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
  const { say, locale } = useText()
  const navigate = useNavigate()
  const mayRead = useMay('requests:read')
  const nameOf = useNames(group, answer.labels)
  const total = dollarsApproximate(answer.totals.costNano)
  const path = (name: string) => requestsPath(group, name, period)
  const part = ({ costNano }: Line) => (total > 0 ? dollarsApproximate(costNano) / total : 0)
  const columns: Column<Line>[] = [
    {
      id: 'name',
      label: say(`usage.group_${group}`),
      phone: 'title',
      render: ({ name }) => (mayRead ? <Drill name={nameOf(name)} path={path(name)} /> : nameOf(name)),
    },
    {
      id: 'requests',
      label: say('usage.metric_requests'),
      numeric: true,
      render: (line) => count(line.requests, locale),
    },
    {
      id: 'failures',
      label: say('requests.failed'),
      numeric: true,
      render: (line) => count(line.failures, locale),
    },
    {
      id: 'tokens',
      label: say('usage.metric_tokens'),
      numeric: true,
      render: (line) => count(line.promptTokens + line.completionTokens, locale),
    },
    { id: 'cost', label: say('usage.metric_cost'), numeric: true, render: (line) => <Money nano={line.costNano} /> },
    {
      id: 'share',
      label: say('usage.share'),
      render: (line) => <Share part={part(line)} text={share(part(line), locale)} />,
    },
  ]
  return (
    <RecordTable
      label={say('usage.byGroup')}
      rows={answer.names.map((name) => lineOf(answer, name))}
      columns={columns}
      rowId={({ name }) => name}
      {...(mayRead && { onRow: ({ name }: Line) => void navigate(path(name)) })}
    />
  )
}

function Drill({ name, path }: { name: string; path: string }) {
  const { say } = useText()
  return (
    <Link
      component={RouterLink}
      to={path}
      color="inherit"
      underline="hover"
      aria-label={say('usage.look', { name })}
      onClick={(event) => event.stopPropagation()}
    >
      {name}
    </Link>
  )
}

function lineOf({ buckets }: UsageAnswer, name: string): Line {
  const own = buckets.flatMap(({ series }) => series[name] ?? [])
  const sum = (pick: (figures: UsageFigures) => number) => own.reduce((total, figures) => total + pick(figures), 0)
  return {
    name,
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    costNano: sumNano(own.map(({ costNano }) => costNano)),
  }
}

function Share({ part, text }: { part: number; text: string }) {
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1 }}>
      <Box
        aria-hidden="true"
        sx={{ width: 72, height: 6, borderRadius: 1, backgroundColor: 'action.hover', overflow: 'hidden' }}
      >
        <Box sx={{ width: `${part * 100}%`, height: '100%', backgroundColor: 'gate.amber' }} />
      </Box>
      {text}
    </Box>
  )
}
