import { Controller, Get, Inject, Query, Req } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { AuditQuery, type AuditList } from '@turnpike/contract'
import { keyNames, listAudit } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'

/** Who changed what, for the organisation to read. */
@Controller('console/v1/audit')
export class AuditController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'audit:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<AuditList> {
    const { limit, cursor } = parse(AuditQuery, query)
    const { prisma } = this.control
    const { tenantId } = signedInOf(request)
    const page = await listAudit(prisma, tenantId, { limit, cursor: cursor ?? null })
    const actors = new Set(page.entries.map(({ actor }) => actor))
    const names = await keyNames(prisma, tenantId, [...actors])
    return {
      data: page.entries.map(({ id, at, actor, action, entity, entityId, before, after }) => ({
        id,
        actor,
        actorName: names.get(actor) ?? null,
        action,
        entity,
        entityId,
        at: at.toISOString(),
        before: before && { ...before },
        after: after && { ...after },
      })),
      hasMore: page.nextCursor !== null,
      nextCursor: page.nextCursor,
    }
  }
}
