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
  type PolicyDocument,
} from '@turnpike/contract'
import {
  archivePolicy,
  createPolicy,
  findPolicy,
  listPolicies,
  listPolicyVersions,
  renamePolicy,
  rollBackPolicy,
  savePolicy,
  type Mutated,
  type PolicySummary,
} from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { callerOf } from '../edge.ts'
import { problemsOfPolicy } from '../policies/unsatisfiable.ts'
import { noSuchPolicy, policyId } from '../policies/policy-row.ts'
import { parseSuggesting } from '../policies/problems.ts'
import type { RoutingContext } from '../policies/coverage.ts'
import { refusingUnsatisfiable, routingContextOf } from '../policies/combined.ts'
import { warningsOf } from '../policies/warnings.ts'
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
    return this.#answer(request, await findPolicy(this.control.prisma, callerOf(request).tenantId, policyId(id)))
  }

  @Post()
  @RouteConfig({ access: 'management' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(ManagedPolicyCreate, body)
    const { catalogue, own } = await this.#world(request)
    problemsOfPolicy(wanted.document, catalogue, own)
    const creating = createPolicy(this.control.prisma, authorOf(request), wanted)
    void reply.code(201).send(await this.#answer(request, await this.control.published(creating)))
  }

  @Patch(':id')
  @RouteConfig({ access: 'management' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedPolicyAnswer> {
    const known = policyId(id)
    const { name, document, based_on } = parseSuggesting(ManagedPolicyPatch, body)
    const { prisma } = this.control
    if (document) await this.#save(request, known, document, based_on)
    if (name !== undefined) return this.#published(request, renamePolicy(prisma, authorOf(request), known, name))
    return this.#answer(request, await findPolicy(prisma, callerOf(request).tenantId, known))
  }

  @Delete(':id')
  @RouteConfig({ access: 'management' })
  async archive(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedPolicyDeleted> {
    await this.#published(request, archivePolicy(this.control.prisma, authorOf(request), policyId(id), Date.now()))
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
  save(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<ManagedPolicyAnswer> {
    const known = policyId(id)
    const { document, based_on } = parseSuggesting(ManagedPolicySave, body)
    return this.#save(request, known, document, based_on)
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
    const onTogether = refusingUnsatisfiable(await this.#world(request), 'version')
    const wanted = { version, basedOn: based_on, onWide: allowed, onTogether }
    return this.#published(request, rollBackPolicy(this.control.prisma, authorOf(request), known, wanted))
  }

  async #save(
    request: FastifyRequest,
    id: string,
    document: PolicyDocument,
    basedOn: number | undefined,
  ): Promise<ManagedPolicyAnswer> {
    const world = await this.#world(request)
    problemsOfPolicy(document, world.catalogue, world.own)
    const onTogether = refusingUnsatisfiable(world, 'document')
    const wanted = { document, basedOn: basedOn ?? null, onWide: allowed, onTogether }
    return this.#published(request, savePolicy(this.control.prisma, authorOf(request), id, wanted))
  }

  async #published(
    request: FastifyRequest,
    mutation: Promise<Mutated<PolicySummary | null>>,
  ): Promise<ManagedPolicyAnswer> {
    return this.#answer(request, await this.control.published(mutation))
  }

  /** Another organisation's policy and one that never was are answered alike. */
  async #answer(request: FastifyRequest, policy: PolicySummary | null): Promise<ManagedPolicyAnswer> {
    if (!policy) throw noSuchPolicy()
    const data = managedPolicyRow(policy)
    const { catalogue, own } = await this.#world(request)
    return { data, warnings: warningsOf(data.document, catalogue, own) }
  }

  #world(request: FastifyRequest): Promise<RoutingContext> {
    return routingContextOf(this.control, callerOf(request).tenantId, Date.now())
  }
}

/** A management key is made by an owner or admin, who may change policies of everybody's keys. */
function allowed(): void {}
