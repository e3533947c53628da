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
import type { OwnCredentialSummary } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { callerOf } from '../edge.ts'
import { ProviderKeys } from '../byok/provider-keys.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { managedByokRow } from './managed-byok-row.ts'
import { authorOf } from './author.ts'
import { parseNaming } from './parse-naming.ts'

/** Provider keys by program, in OpenRouter's words: the same ones that the console shows, with the same checks. */
@Controller('api/v1/byok')
export class ManagedByokController {
  readonly #keys: ProviderKeys

  constructor(@Inject(Control) control: Control) {
    this.#keys = new ProviderKeys(control, { models: 'allowed_models', keys: 'allowed_api_key_hashes' })
  }

  @Get()
  @RouteConfig({ access: 'management' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ManagedByokList> {
    const { offset, limit, provider } = parseNaming(ManagedByokListQuery, query)
    const { tenantId, workspaceId } = callerOf(request)
    const wanted = await this.#keys.list(tenantId, provider)
    const page = wanted.slice(offset, offset + limit)
    return { data: page.map((one) => managedByokRow(one, workspaceId)), total_count: wanted.length }
  }

  @Get(':id')
  @RouteConfig({ access: 'management' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedByokAnswer> {
    return answer(request, await this.#keys.find(callerOf(request).tenantId, id))
  }

  @Post()
  @RouteConfig({ access: 'management' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(ManagedByokCreate, body)
    const author = authorOf(request)
    const { provider } = wanted
    const placement = placementOf(wanted.is_fallback ?? false)
    const others = await this.#keys.list(author.tenantId, provider)
    const created = await this.#keys.create(author, {
      provider,
      placement,
      name: wanted.name ?? provider,
      secret: wanted.key,
      models: wanted.allowed_models ?? null,
      keys: wanted.allowed_api_key_hashes ?? null,
      priority: wanted.sort_order ?? nextIn(others, placement),
      share: 1,
      disabled: wanted.disabled,
    })
    void reply.code(201).send(answer(request, created))
  }

  @Patch(':id')
  @RouteConfig({ access: 'management' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedByokAnswer> {
    const author = authorOf(request)
    const before = await this.#keys.find(author.tenantId, id)
    const wanted = parseSuggesting(ManagedByokPatch, body)
    const changed = await this.#keys.change(author, before, {
      name: wanted.name ?? undefined,
      secret: wanted.key,
      disabled: wanted.disabled,
      priority: wanted.sort_order,
      models: wanted.allowed_models,
      keys: wanted.allowed_api_key_hashes,
      ...(wanted.is_fallback !== undefined && { placement: placementOf(wanted.is_fallback) }),
    })
    return answer(request, changed)
  }

  @Delete(':id')
  @RouteConfig({ access: 'management' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ManagedByokDeleted> {
    await this.#keys.remove(authorOf(request), id)
    return { deleted: true }
  }
}

/** Behind the last one, so that a provider's keys are tried in the order in which they were added. */
function nextIn(keys: readonly OwnCredentialSummary[], placement: Placement): number {
  const taken = keys.filter((one) => one.placement === placement)
  return Math.min(Math.max(-1, ...taken.map(({ priority }) => priority)) + 1, OWN_PRIORITY_MAX)
}

function placementOf(isFallback: boolean): Placement {
  return isFallback ? 'fallback' : 'first'
}

function answer(request: FastifyRequest, summary: OwnCredentialSummary): ManagedByokAnswer {
  return { data: managedByokRow(summary, callerOf(request).workspaceId) }
}
