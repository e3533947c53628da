import { Box, Button, Link } from '@mui/material'
import type { WhatIfMove, WhatIfSample } from '@turnpike/contract'
import { useState } from 'react'
import { Link as RouterLink } from 'react-router-dom'
import { count, duration } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { targetText, useAccounts } from '../provider-keys/TargetName.tsx'
import { Moment } from '../parts/Moment.tsx'
import { Money } from '../parts/Money.tsx'
import { RecordTable, type Column, type RecordTableProps } from '../parts/RecordTable.tsx'
import { stageTextKey } from '../requests/route.ts'
import { Versus } from './Versus.tsx'

/** Rows drawn at first and with every "more". */
const ROWS_STEP = 20

/** From which endpoint to which, the most frequent first. */
export function ChangedRouteTable({ moves }: { moves: readonly WhatIfMove[] }) {
  const { say, locale } = useText()
  const columns: Column<WhatIfMove>[] = [
    {
      id: 'way',
      label: say('whatIf.route'),
      phone: 'title',
      render: ({ from, to }) => <ChangedRoute from={from} to={to} />,
    },
    { id: 'requests', label: say('common.requests'), numeric: true, render: ({ requests }) => count(requests, locale) },
    {
      id: 'cost',
      label: say('whatIf.measure_cost'),
      numeric: true,
      render: ({ happenedNano, predictedNano }) => (
        <Versus happened={<Money nano={happenedNano} />} predicted={<Money nano={predictedNano} />} />
      ),
    },
  ]
  return (
    <LongTable
      label={say('whatIf.movedTitle')}
      rows={moves}
      columns={columns}
      rowId={({ from, to }) => `${from} ${to}`}
    />
  )
}

/** Single requests, each a link to what really happened to it. */
export function SampleTable({ title, sample }: { title: string; sample: readonly WhatIfSample[] }) {
  const { say, locale } = useText()
  const ms = (figure: number | null) => (figure === null ? say('common.none') : duration(figure, locale))
  const columns: Column<WhatIfSample>[] = [
    {
      id: 'request',
      label: say('request.title'),
      phone: 'title',
      render: ({ requestId, beganAt }) => (
        <Link component={RouterLink} to={`/requests/${requestId}/show?tab=route`}>
          <Moment short at={beganAt} />
        </Link>
      ),
    },
    {
      id: 'way',
      label: say('whatIf.route'),
      render: ({ from, to, stage }) => <ChangedRoute from={from} to={to} why={stage && say(stageTextKey(stage))} />,
    },
    {
      id: 'cost',
      label: say('whatIf.measure_cost'),
      numeric: true,
      render: ({ happenedNano, predictedNano }) => (
        <Versus
          happened={<Money nano={happenedNano} />}
          predicted={predictedNano === null ? say('whatIf.unknownFigure') : <Money nano={predictedNano} />}
        />
      ),
    },
    {
      id: 'firstToken',
      label: say('common.ttft'),
      numeric: true,
      render: ({ happenedFirstTokenMs, predictedFirstTokenMs }) => (
        <Versus happened={ms(happenedFirstTokenMs)} predicted={ms(predictedFirstTokenMs)} />
      ),
    },
  ]
  return <LongTable label={title} rows={sample} columns={columns} rowId={({ requestId }) => requestId} dense />
}

interface ChangedRouteProps {
  readonly from: string | null
  readonly to: string | null
  readonly why?: string | null
}

function ChangedRoute({ from, to, why = null }: ChangedRouteProps) {
  const { say } = useText()
  const accountOf = useAccounts([from, to].filter((target) => target !== null))
  const name = (target: string | null) =>
    target === null ? say('whatIf.noRoute') : targetText(target, accountOf(target))
  return (
    <Box sx={{ overflowWrap: 'anywhere', whiteSpace: 'normal' }}>
      <Versus happened={name(from)} predicted={name(to)} />
      {why && <Box sx={{ color: 'text.secondary', fontSize: '0.8125rem' }}>{why}</Box>}
    </Box>
  )
}

/** A table that begins with its first rows. */
function LongTable<Row>({ rows, ...table }: RecordTableProps<Row>) {
  const { say } = useText()
  const [shown, setShown] = useState(ROWS_STEP)
  return (
    <>
      <RecordTable {...table} rows={rows.slice(0, shown)} />
      {rows.length > shown && (
        <Button sx={{ justifySelf: 'start' }} onClick={() => setShown(shown + ROWS_STEP)}>
          {say('common.more')}
        </Button>
      )}
    </>
  )
}
