import { Controller, Inject, Query } from '@nestjs/common'
import { UsageQuery, type UsageAnswer } from '@turnpike/contract'
import { keyNames, usageSeries, usageTotals } from '@turnpike/store'
import { Control } from '../control.ts'
import { parse } from '../parse.ts'
import { Get, Person } from '../routes.decorator.ts'
import { bucketsOf, namesOf, totalsOf } from './usage-answer.ts'
import { spanOf } from './usage-span.ts'

/** What was used, over time and in sum. */
@Controller('console/v1/usage')
export class UsageController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('usage:read')
  async usage(@Query() query: unknown, @Person() { tenantId }: Person): Promise<UsageAnswer> {
    const { groupBy, ...wanted } = parse(UsageQuery, query)
    const nowMs = Date.now()
    const { fromMs, toMs, bucketSeconds, zone } = spanOf(wanted)
    const { pool, prisma } = this.control
    const bucketMinutes = (bucketSeconds / 60) as 15 | 60 | 1440
    const [points, totals] = await Promise.all([
      usageSeries(pool, tenantId, { fromMs, toMs, bucketMinutes, zone, groupBy }),
      usageTotals(pool, tenantId, { fromMs, toMs }),
    ])
    const names = namesOf(points)
    return {
      bucketSeconds,
      buckets: bucketsOf(points),
      totals: totalsOf(totals),
      names,
      labels: groupBy === 'key' ? Object.fromEntries(await keyNames(prisma, tenantId, names)) : {},
      partialUntil: toMs > nowMs ? new Date(nowMs).toISOString() : null,
    }
  }
}
