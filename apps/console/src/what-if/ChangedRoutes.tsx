import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Link from '@mui/material/Link'
import type { WhatIfMove, WhatIfSample } from '@turnpike/contract'
import { useState } from 'react'
import { Link as RouterLink } from 'react-router-dom'
import { count, duration } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { targetText, useAccounts } from '../provider-keys/TargetName.tsx'
import { Moment } from '../parts/Moment.tsx'
import { Money } from '../parts/Money.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { stageTextKey } from '../requests/route.ts'
import { Versus } from './Versus.tsx'

/** Rows drawn at first and with every "more". */
const ROWS_STEP = 20

/** From which endpoint to which, the most frequent first. */
export function ChangedRouteTable({ moves }: { moves: readonly WhatIfMove[] }) {
  const { say, locale } = useText()
  const [shown, setShown] = useState(ROWS_STEP)
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
    <>
      <RecordTable
        label={say('whatIf.movedTitle')}
        rows={moves.slice(0, shown)}
        columns={columns}
        rowId={({ from, to }) => `${from} ${to}`}
      />
      <More shown={shown} total={moves.length} onMore={setShown} />
    </>
  )
}

/** Single requests, each a link to what really happened to it. */
export function SampleTable({ title, sample }: { title: string; sample: readonly WhatIfSample[] }) {
  const { say, locale } = useText()
  const [shown, setShown] = useState(ROWS_STEP)
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
  return (
    <>
      <RecordTable
        label={title}
        rows={sample.slice(0, shown)}
        columns={columns}
        rowId={({ requestId }) => requestId}
        dense
      />
      <More shown={shown} total={sample.length} onMore={setShown} />
    </>
  )
}

interface ChangedRouteProps {
  readonly from: string | null
  readonly to: string | null
  /** Why it ends nowhere. */
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

function More({ shown, total, onMore }: { shown: number; total: number; onMore: (shown: number) => void }) {
  const { say } = useText()
  if (total <= shown) return null
  return (
    <Button sx={{ justifySelf: 'start' }} onClick={() => onMore(shown + ROWS_STEP)}>
      {say('common.more')}
    </Button>
  )
}
