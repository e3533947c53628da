import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  ManagedPolicyCreate,
  ManagedPolicyListQuery,
  ManagedPolicyPatch,
  ManagedPolicyRollback,
  ManagedPolicySave,
  type ManagedPolicyAnswer,
  type ManagedPolicyDeleted,
  type ManagedPolicyList,
  type ManagedPolicyVersionList,
} from '@turnpike/contract'
import { listPolicies, listPolicyVersions } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { callerOf } from '../edge.ts'
import { archive, changePolicy, makePolicy, policyOf, rollBack, type PolicyOutcome } from '../policies/changes.ts'
import { noSuchPolicy, policyId } from '../policies/policy-row.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { authorOf } from './author.ts'
import { managedPolicyRow, managedVersionRow } from './managed-policy-row.ts'
import { parseNaming } from './parse-naming.ts'

/** Routing policies by program: the same ones that the console shows, with the same checks. Attached by PATCH /api/v1/keys/{hash}. */
@Controller('api/v1/policies')
export class ManagedPoliciesController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'management' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ManagedPolicyList> {
    const { offset, limit } = parseNaming(ManagedPolicyListQuery, query)
    const { tenantId } = callerOf(request)
    const page = await listPolicies(this.control.prisma, tenantId, { limit, offset, cursor: null })
    return { data: page.policies.map(managedPolicyRow), total_count: page.total }
  }

  @Get(':id')
  @RouteConfig({ access: 'management' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedPolicyAnswer> {
    return answerOf(await policyOf(this.control, authorOf(request), policyId(id)))
  }

  @Post()
  @RouteConfig({ access: 'management' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(ManagedPolicyCreate, body)
    void reply.code(201).send(answerOf(await makePolicy(this.control, authorOf(request), wanted)))
  }

  @Patch(':id')
  @RouteConfig({ access: 'management' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedPolicyAnswer> {
    const known = policyId(id)
    const { name, document, based_on = null } = parseSuggesting(ManagedPolicyPatch, body)
    const wanted = {
      ...(name !== undefined && { name }),
      ...(document && { document }),
      basedOn: based_on,
      onWide: allowed,
    }
    return answerOf(await changePolicy(this.control, authorOf(request), known, wanted))
  }

  @Delete(':id')
  @RouteConfig({ access: 'management' })
  async archive(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedPolicyDeleted> {
    await archive(this.control, authorOf(request), policyId(id))
    return { deleted: true }
  }

  @Get(':id/versions')
  @RouteConfig({ access: 'management' })
  async versions(
    @Param('id') id: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedPolicyVersionList> {
    const known = policyId(id)
    const { offset, limit } = parseNaming(ManagedPolicyListQuery, query)
    const { tenantId } = callerOf(request)
    const page = await listPolicyVersions(this.control.prisma, tenantId, known, { limit, offset, before: null })
    if (!page) throw noSuchPolicy()
    return { data: page.versions.map(managedVersionRow), total_count: page.total }
  }

  @Post(':id/versions')
  @HttpCode(200)
  @RouteConfig({ access: 'management' })
  async save(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedPolicyAnswer> {
    const known = policyId(id)
    const { document, based_on = null } = parseSuggesting(ManagedPolicySave, body)
    const wanted = { document, basedOn: based_on, onWide: allowed }
    return answerOf(await changePolicy(this.control, authorOf(request), known, wanted))
  }

  @Post(':id/rollback')
  @HttpCode(200)
  @RouteConfig({ access: 'management' })
  async rollBack(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedPolicyAnswer> {
    const known = policyId(id)
    const { version, based_on = null } = parseSuggesting(ManagedPolicyRollback, body)
    const wanted = { version, basedOn: based_on, onWide: allowed }
    return answerOf(await rollBack(this.control, authorOf(request), known, wanted))
  }
}

function answerOf({ policy, warnings }: PolicyOutcome): ManagedPolicyAnswer {
  return { data: managedPolicyRow(policy), warnings }
}

/** A management key is made by an owner or admin, who may change policies of everybody's keys. */
function allowed(): void {}
