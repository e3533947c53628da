import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  ManagedByokCreate,
  ManagedByokListQuery,
  ManagedByokPatch,
  OWN_PRIORITY_MAX,
  type ManagedByokAnswer,
  type ManagedByokDeleted,
  type ManagedByokList,
} from '@turnpike/contract'
import type { Placement } from '@turnpike/domain'
import {
  createOwnCredential,
  findOwnCredential,
  listOwnCredentials,
  removeOwnCredential,
  updateOwnCredential,
  type OwnCredentialSummary,
} from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { callerOf } from '../edge.ts'
import { noSuchProviderKey, ownId } from '../byok/rows.ts'
import { refuseUnknownNames } from '../byok/refuse-unknown-names.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { managedByokRow } from './managed-byok-row.ts'
import { authorOf } from './author.ts'
import { parseNaming } from './parse-naming.ts'

/** Provider keys by program, in OpenRouter's words: the same ones that the console shows, with the same checks. */
@Controller('api/v1/byok')
export class ManagedByokController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'management' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ManagedByokList> {
    const { offset, limit, provider } = parseNaming(ManagedByokListQuery, query)
    const { tenantId, workspaceId } = callerOf(request)
    const all = await listOwnCredentials(this.control.prisma, tenantId)
    const wanted = provider === undefined ? all : all.filter((one) => one.provider === provider)
    const page = wanted.slice(offset, offset + limit)
    return { data: page.map((one) => managedByokRow(one, workspaceId)), total_count: wanted.length }
  }

  @Get(':id')
  @RouteConfig({ access: 'management' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedByokAnswer> {
    const { tenantId } = callerOf(request)
    return answer(request, await findOwnCredential(this.control.prisma, tenantId, idOf(id)))
  }

  @Post()
  @RouteConfig({ access: 'management' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(ManagedByokCreate, body)
    const { tenantId } = callerOf(request)
    const { prisma, credentialSecrets, ownLimits } = this.control
    const named = await refuseUnknownNames(this.control, tenantId, namesIn(wanted, wanted.provider), FIELDS)
    const placement = placementOf(wanted.is_fallback ?? false)
    const all = await listOwnCredentials(prisma, tenantId)
    await ownLimits.takeSecret(tenantId)
    const creating = createOwnCredential(prisma, credentialSecrets, authorOf(request), {
      ...named,
      name: wanted.name ?? wanted.provider,
      secret: wanted.key,
      placement,
      priority: wanted.sort_order ?? nextIn(all, named.provider, placement),
      share: 1,
      disabled: wanted.disabled,
    })
    void reply.code(201).send(answer(request, await this.control.published(creating)))
  }

  @Patch(':id')
  @RouteConfig({ access: 'management' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedByokAnswer> {
    const { tenantId } = callerOf(request)
    const { prisma, credentialSecrets, ownLimits } = this.control
    const before = await findOwnCredential(prisma, tenantId, idOf(id))
    if (!before) throw noSuchProviderKey()
    const wanted = parseSuggesting(ManagedByokPatch, body)
    const { models, keys } = await refuseUnknownNames(this.control, tenantId, namesIn(wanted, before.provider), FIELDS)
    if (wanted.key !== undefined) await ownLimits.takeSecret(tenantId)
    const updating = updateOwnCredential(prisma, credentialSecrets, authorOf(request), before.id, {
      name: wanted.name ?? undefined,
      secret: wanted.key,
      disabled: wanted.disabled,
      priority: wanted.sort_order,
      ...(wanted.is_fallback !== undefined && { placement: placementOf(wanted.is_fallback) }),
      ...(wanted.allowed_models !== undefined && { models }),
      ...(wanted.allowed_api_key_hashes !== undefined && { keys }),
    })
    return answer(request, await this.control.published(updating))
  }

  @Delete(':id')
  @RouteConfig({ access: 'management' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedByokDeleted> {
    const removing = removeOwnCredential(this.control.prisma, authorOf(request), idOf(id), Date.now())
    if (!(await this.control.published(removing))) throw noSuchProviderKey()
    return { deleted: true }
  }
}

/** What the fields are called here. */
const FIELDS = { models: 'allowed_models', keys: 'allowed_api_key_hashes' }

function namesIn({ allowed_models, allowed_api_key_hashes }: ManagedByokPatch, provider: string) {
  return { provider, models: allowed_models ?? null, keys: allowed_api_key_hashes ?? null }
}

/** Behind the last one, so that keys are tried in the order in which they were added. */
function nextIn(all: readonly OwnCredentialSummary[], provider: string, placement: Placement): number {
  const taken = all.filter((one) => one.provider === provider && one.placement === placement)
  return Math.min(Math.max(-1, ...taken.map(({ priority }) => priority)) + 1, OWN_PRIORITY_MAX)
}

function placementOf(isFallback: boolean): Placement {
  return isFallback ? 'fallback' : 'first'
}

/** Another organisation's and one that never was are answered alike. */
function answer(request: FastifyRequest, summary: OwnCredentialSummary | null): ManagedByokAnswer {
  if (!summary) throw noSuchProviderKey()
  return { data: managedByokRow(summary, callerOf(request).workspaceId) }
}

function idOf(text: string): string {
  return ownId(text, noSuchProviderKey)
}
