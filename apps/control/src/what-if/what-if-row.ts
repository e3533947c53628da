import type {
  WhatIfDetail as DetailAnswer,
  WhatIfReport as ReportAnswer,
  WhatIfRun as RunAnswer,
} from '@turnpike/contract'
import { generationId, WHAT_IF_LIMITS, type WhatIfReport } from '@turnpike/domain'
import type { AsJson, WhatIfDetail, WhatIfRun } from '@turnpike/store'

/** A run as lists show it. */
export function runRow(run: WhatIfRun): RunAnswer {
  const { id, state, rowsTotal, rowsDone, policyId, keyId, problem, from, to, createdAt, finishedAt } = run
  return {
    ...{ id, state, rowsTotal, rowsDone, policyId, keyId, problem },
    progress: progressOf(run),
    version: run.policyVersion,
    // Its lists are read-only in the domain and not in the schema.
    document: run.document as RunAnswer['document'],
    from: from.toISOString(),
    to: to.toISOString(),
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  }
}

/** The same with its report. */
export function detailRow(run: WhatIfDetail): DetailAnswer {
  return { ...runRow(run), report: run.report && reportRow(run.report) }
}

/** The total is counted by quarters of an hour, so that a run may have seen more than all. */
function progressOf({ state, rowsTotal, rowsDone }: WhatIfRun): number {
  if (state === 'done') return 1
  return rowsTotal === 0 ? 0 : Math.min(rowsDone / rowsTotal, UNFINISHED_MAX)
}

const UNFINISHED_MAX = 0.99

function reportRow(report: AsJson<WhatIfReport>): ReportAnswer {
  return {
    ...report,
    models: [...report.models],
    providers: [...report.providers],
    moves: [...report.changedRoutes],
    refused: [...report.refused],
    sample: report.sample.map(sampleRow),
    refusedSample: report.refusedSample.map(sampleRow),
    limits: report.limits.map((code) => ({ code, message: WHAT_IF_LIMITS[code] })),
  }
}

function sampleRow({
  requestId,
  beganAtMs,
  ...sample
}: AsJson<WhatIfReport>['sample'][number]): ReportAnswer['sample'][number] {
  return { ...sample, requestId: generationId(requestId), beganAt: new Date(beganAtMs).toISOString() }
}
