import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  PolicyCreate,
  PolicyListQuery,
  PolicyPreviewQuestion,
  PolicyRename,
  PolicyRollback,
  PolicySave,
  PolicyVersionListQuery,
  type PolicyAnswer,
  type PolicyList,
  type PolicyPreviewAnswer,
  type PolicyVersionList,
} from '@turnpike/contract'
import { listPolicies, listPolicyVersions, policyLayers, recentHealth, type Author } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { refuseRole, signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import { archive, changePolicy, makePolicy, policyOf, rollBack, type PolicyOutcome } from './changes.ts'
import { routingContextOf } from './combined.ts'
import { noSuchPolicy, policyId, policyRow, versionRow } from './policy-row.ts'
import { previewOf } from './preview.ts'
import { parseSuggesting } from './problems.ts'
import { refuseInvalid } from './unsatisfiable.ts'

/** Routing policies: create, save, preview, roll back and archive. `AttachmentsController` attaches them. */
@Controller('console/v1/policies')
export class PoliciesController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'policies:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<PolicyList> {
    const { limit, cursor = null } = parse(PolicyListQuery, query)
    const page = await listPolicies(this.control.prisma, signedInOf(request).tenantId, { limit, cursor })
    return { data: page.policies.map(policyRow), hasMore: page.nextCursor !== null, nextCursor: page.nextCursor }
  }

  @Get(':id')
  @RouteConfig({ access: 'policies:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<PolicyAnswer> {
    return answerOf(await policyOf(this.control, authorOf(request), policyId(id)))
  }

  @Post()
  @RouteConfig({ access: 'policies:update' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(PolicyCreate, body)
    void reply.code(201).send(answerOf(await makePolicy(this.control, authorOf(request), wanted)))
  }

  @Patch(':id')
  @RouteConfig({ access: 'policies:update' })
  async rename(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<PolicyAnswer> {
    const { name } = parse(PolicyRename, body)
    const wanted = { name, basedOn: null, onWide: refusingTheNarrow(request) }
    return answerOf(await changePolicy(this.control, authorOf(request), policyId(id), wanted))
  }

  @Post(':id/versions')
  @HttpCode(200)
  @RouteConfig({ access: 'policies:update' })
  async save(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<PolicyAnswer> {
    const known = policyId(id)
    const { document, basedOn } = parseSuggesting(PolicySave, body)
    const wanted = { document, basedOn, onWide: refusingTheNarrow(request) }
    return answerOf(await changePolicy(this.control, authorOf(request), known, wanted))
  }

  @Get(':id/versions')
  @RouteConfig({ access: 'policies:read' })
  async versions(
    @Param('id') id: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<PolicyVersionList> {
    const known = policyId(id)
    const { limit, cursor: before = null } = parse(PolicyVersionListQuery, query)
    const { tenantId } = signedInOf(request)
    const page = await listPolicyVersions(this.control.prisma, tenantId, known, { limit, before })
    if (!page) throw noSuchPolicy()
    return { data: page.versions.map(versionRow), hasMore: page.nextCursor !== null, nextCursor: page.nextCursor }
  }

  @Post(':id/rollback')
  @HttpCode(200)
  @RouteConfig({ access: 'policies:update' })
  async rollBack(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<PolicyAnswer> {
    const known = policyId(id)
    const { version, basedOn } = parse(PolicyRollback, body)
    const wanted = { version, basedOn, onWide: refusingTheNarrow(request) }
    return answerOf(await rollBack(this.control, authorOf(request), known, wanted))
  }

  @Post(':id/archive')
  @HttpCode(200)
  @RouteConfig({ access: 'policies:update' })
  async archive(@Param('id') id: string, @Req() request: FastifyRequest): Promise<PolicyAnswer> {
    return answerOf(await archive(this.control, authorOf(request), policyId(id)))
  }

  @Post('preview')
  @HttpCode(200)
  @RouteConfig({ access: 'policies:read' })
  async preview(@Body() body: unknown, @Req() request: FastifyRequest): Promise<PolicyPreviewAnswer> {
    const question = parseSuggesting(PolicyPreviewQuestion, body)
    const { tenantId, workspace, organisation } = signedInOf(request)
    const { prisma, pool } = this.control
    const context = await routingContextOf(this.control, tenantId, Date.now())
    refuseInvalid(question.document, context.catalogue, context.own)
    const layers = await policyLayers(prisma, tenantId, workspace.id)
    const health = await recentHealth(pool, context.nowMs)
    return { data: previewOf(question, { ...context, layers, funds: organisation.funds, health }) }
  }
}

function answerOf({ policy, warnings }: PolicyOutcome): PolicyAnswer {
  return { data: policyRow(policy), warnings }
}

function authorOf(request: FastifyRequest): Author {
  const { tenantId, userId } = signedInOf(request)
  return { tenantId, userId }
}

/** A policy of a workspace or the organisation is changed only by members who may attach one there. */
function refusingTheNarrow(request: FastifyRequest): () => void {
  return () => refuseRole(signedInOf(request), 'policies:attach-widely')
}
