import { Controller, Get, Inject, Query, Req } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { AuditQuery, type AuditList } from '@turnpike/contract'
import { listAudit } from '@turnpike/store'
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
    const page = await listAudit(prisma, signedInOf(request).tenantId, { limit, cursor: cursor ?? null })
    return {
      data: page.entries.map(({ id, at, actor, action, entity, entityId, before, after }) => ({
        id,
        actor,
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
