import { Alert, Box, Card, Typography } from '@mui/material'
import type { WhatIfDetail, WhatIfReport } from '@turnpike/contract'
import type { ReactNode } from 'react'
import { count, share } from '../format.ts'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'
import { policiesUseEn } from '../i18n/en/policies-use.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { stageTextKey } from '../requests/route.ts'
import { GroupTable, MeasureTable } from './MeasureTable.tsx'
import { ChangedRouteTable, SampleTable } from './ChangedRoutes.tsx'

/** The predicted result next to the actual one. */
export function Report({ run, report }: { run: WhatIfDetail; report: WhatIfReport }) {
  const { say, locale } = useText()
  const refused = report.refused.reduce((sum, { requests }) => sum + requests, 0)
  const values = {
    moved: count(report.moved, locale),
    requests: count(report.requests, locale),
    part: share(report.moved / report.requests, locale),
  }
  return (
    <Box component="section" aria-label={say('whatIf.report')} sx={{ ...ONE_COLUMN, gap: 3.5 }}>
      <div>
        <Typography variant="h2">{say('whatIf.report')}</Typography>
        <Typography sx={{ mt: 0.5 }}>
          {report.moved === 0 ? say('whatIf.nothingMoved', values) : say('whatIf.headline', values)}
          {refused > 0 && ` ${say('whatIf.headlineRefused', { refused: count(refused, locale) })}`}
        </Typography>
        {run.keyId !== null && <Typography color="textSecondary">{say('whatIf.oneKey')}</Typography>}
      </div>
      <MeasureTable totals={report.totals} />
      <Unknown unknown={report.unknown} />
      <ReportSection title={say('whatIf.byProvider')}>
        <GroupTable title={say('whatIf.byProvider')} kind="provider" groups={report.providers} />
      </ReportSection>
      <ReportSection title={say('whatIf.byModel')}>
        <GroupTable title={say('whatIf.byModel')} kind="model" groups={report.models} />
      </ReportSection>
      {report.refused.length > 0 && (
        <ReportSection title={say('whatIf.refusedTitle')}>
          <Refused refused={report.refused} />
          <SampleTable title={say('whatIf.refusedSample')} sample={report.refusedSample} />
        </ReportSection>
      )}
      {report.moves.length > 0 && (
        <ReportSection title={say('whatIf.movedTitle')}>
          <ChangedRouteTable moves={report.moves} />
        </ReportSection>
      )}
      {report.sample.length > 0 && (
        <ReportSection title={say('whatIf.sampleTitle')} text={say('whatIf.sampleText')}>
          <SampleTable title={say('whatIf.sampleTitle')} sample={report.sample} />
        </ReportSection>
      )}
      <Limits report={report} />
    </Box>
  )
}

function ReportSection({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 1.5 }}>
      <Typography variant="h2">{title}</Typography>
      {text && <Typography color="textSecondary">{text}</Typography>}
      {children}
    </Box>
  )
}

function Unknown({ unknown }: { unknown: WhatIfReport['unknown'] }) {
  const { say, locale } = useText()
  const parts = (['cost', 'firstToken', 'throughput', 'failures'] as const).filter((part) => unknown[part] > 0)
  if (parts.length === 0) return null
  const text = parts.map((part) => say(`whatIf.unknown_${part}`, { requests: count(unknown[part], locale) })).join(' ')
  return <Alert severity="info">{`${say('whatIf.unknown')} ${text}`}</Alert>
}

function Refused({ refused }: { refused: WhatIfReport['refused'] }) {
  const { say, locale } = useText()
  return (
    <Box component="ul" sx={{ m: 0, pl: 3 }}>
      {refused.map(({ stage, requests }) => (
        <li key={stage}>
          {say('whatIf.refusedBy', { requests: count(requests, locale), reason: say(stageTextKey(stage)) })}
        </li>
      ))}
    </Box>
  )
}

function Limits({ report }: { report: WhatIfReport }) {
  const { say, locale } = useText()
  const textOf = (code: string, message: string) =>
    Object.hasOwn(policiesUseEn.whatIf, `limit_${code}`) ? say(`whatIf.limit_${code}` as TextKey) : message
  const values = {
    part: share(report.reproduced / Math.max(report.checked, 1), locale),
    checked: count(report.checked, locale),
    unrecorded: count(report.unrecorded, locale),
  }
  return (
    <Card component="section" aria-label={say('whatIf.limits')} sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography variant="h2">{say('whatIf.limits')}</Typography>
      <Box component="ul" sx={{ mb: 0, pl: 3, color: 'text.secondary', display: 'grid', gap: 0.5 }}>
        {report.limits.map(({ code, message }) => (
          <li key={code}>{textOf(code, message)}</li>
        ))}
        {report.checked > 0 && <li>{say('whatIf.reproduced', values)}</li>}
        {report.unrecorded > 0 && <li>{say('whatIf.unrecorded', values)}</li>}
      </Box>
    </Card>
  )
}
