import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  CataloguePublish,
  Nothing,
  type CatalogueDraftAnswer,
  type CatalogueDraftList,
  type CatalogueDraftRow,
  type CataloguePublished,
} from '@turnpike/contract'
import { Fault } from '@turnpike/domain'
import { addJob, discardDraft, findDraft, listDrafts, publishDraft, type DraftSummary } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'

/** Imports of the catalogue: reviewed, published, discarded. For members of the operator's organisation; others find nothing here. */
@Controller('console/v1/catalogue')
export class CatalogueDraftsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('drafts')
  @RouteConfig({ access: 'organisation:read' })
  async list(@Req() request: FastifyRequest): Promise<CatalogueDraftList> {
    operatorOf(request)
    return { data: (await listDrafts(this.control.pool)).map(rowOf) }
  }

  @Get('drafts/:id')
  @RouteConfig({ access: 'organisation:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<CatalogueDraftAnswer> {
    operatorOf(request)
    const draft = await findDraft(this.control.pool, idOf(id))
    if (!draft) throw noSuchDraft()
    return { data: { ...rowOf(draft), changes: [...draft.changes] } }
  }

  /** Has the worker read the price list now rather than tonight. */
  @Post('imports')
  @HttpCode(202)
  @RouteConfig({ access: 'organisation:update' })
  async import(@Body() body: unknown, @Req() request: FastifyRequest): Promise<void> {
    operatorOf(request)
    parse(Nothing, body)
    await this.control.prisma.$transaction((transaction) => addJob(transaction, 'import-catalogue', {}))
  }

  @Post('drafts/:id/publish')
  @HttpCode(200)
  @RouteConfig({ access: 'organisation:update' })
  async publish(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<CataloguePublished> {
    const by = operatorOf(request)
    const { confirm } = parse(CataloguePublish, body)
    const { version, written, held } = await publishDraft(this.control.pool, idOf(id), confirm, by)
    return { data: { version, written, held: [...held] } }
  }

  @Post('drafts/:id/discard')
  @HttpCode(204)
  @RouteConfig({ access: 'organisation:update' })
  async discard(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<void> {
    const by = operatorOf(request)
    parse(Nothing, body)
    await discardDraft(this.control.pool, idOf(id), by)
  }
}

/** The signed-in person, who must be of the operator's organisation: drafts of the catalogue are hidden from all others. */
function operatorOf(request: FastifyRequest): string {
  const { userId, organisation } = signedInOf(request)
  if (organisation.funds !== 'operator') throw noSuchDraft()
  return userId
}

function noSuchDraft(): Fault {
  return new Fault('object_unknown', 'There is no such draft of the catalogue.')
}

function idOf(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text
  throw noSuchDraft()
}

function rowOf(draft: DraftSummary): CatalogueDraftRow {
  const { id, source, origin, status, madeBy, closedBy, publishedVersion, added, changed, removed, held } = draft
  return {
    ...{ id, source, origin, status, madeBy, closedBy, publishedVersion, added, changed, removed, held },
    madeAt: draft.madeAt.toISOString(),
    closedAt: draft.closedAt?.toISOString() ?? null,
  }
}
