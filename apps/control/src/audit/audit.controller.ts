import { Controller, Inject, Query } from '@nestjs/common'
import { AuditQuery, type AuditList } from '@turnpike/contract'
import { keyNames, listAudit } from '@turnpike/store'
import { Control } from '../control.ts'
import { pageOf } from '../page.ts'
import { parse } from '../parse.ts'
import { Get, Person } from '../routes.decorator.ts'

/** Who changed what, for the organisation to read. */
@Controller('console/v1/audit')
export class AuditController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('audit:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<AuditList> {
    const { limit, cursor = null } = parse(AuditQuery, query)
    const { prisma } = this.control
    const { entries, nextCursor } = await listAudit(prisma, tenantId, { limit, cursor })
    const names = await keyNames(prisma, tenantId, [...new Set(entries.map(({ actor }) => actor))])
    const rows = entries.map(({ id, at, actor, action, entity, entityId, before, after }) => ({
      ...{ id, actor, action, entity, entityId, before, after },
      actorName: names.get(actor) ?? null,
      at: at.toISOString(),
    }))
    return pageOf(rows, nextCursor)
  }
}
