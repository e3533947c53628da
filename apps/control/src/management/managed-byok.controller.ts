import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
import {
  CONSEQUENCE_MODELS_MAX,
  ManagedByokCreate,
  ManagedByokListQuery,
  ManagedByokPatch,
  OWN_PRIORITY_MAX,
  type ManagedByokAnswer,
  type ManagedByokDeleted,
  type ManagedByokKey,
  type ManagedByokList,
} from '@turnpike/contract'
import { Fault, type Placement } from '@turnpike/domain'
import type { OwnCredentialSummary } from '@turnpike/store'
import { ProviderKeys } from '../byok/provider-keys.ts'
import { Control } from '../control.ts'
import { parseNaming } from '../parse.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { Caller, Delete, Get, Patch, Post } from '../routes.decorator.ts'

/** The provider keys of the console, by program and in OpenRouter's words. */
@Controller('api/v1/byok')
export class ManagedByokController {
  readonly #keys: ProviderKeys

  constructor(@Inject(Control) control: Control) {
    this.#keys = new ProviderKeys(control, { models: 'allowed_models', keys: 'allowed_api_key_hashes' })
  }

  @Get('management')
  async list(@Query() query: unknown, @Caller() caller: Caller): Promise<ManagedByokList> {
    const { offset, limit, provider } = parseNaming(ManagedByokListQuery, query)
    const wanted = await this.#keys.list(caller.tenantId, provider)
    const page = wanted.slice(offset, offset + limit)
    return { data: page.map((one) => rowOf(one, caller)), total_count: wanted.length }
  }

  @Get('management', ':id')
  async one(@Param('id') id: string, @Caller() caller: Caller): Promise<ManagedByokAnswer> {
    return { data: rowOf(await this.#keys.find(caller.tenantId, id), caller) }
  }

  @Post('management', '', 201)
  async create(@Body() body: unknown, @Caller() caller: Caller): Promise<ManagedByokAnswer> {
    const wanted = parseSuggesting(ManagedByokCreate, body)
    const { provider } = wanted
    const placement = placementOf(wanted.is_fallback ?? false)
    const others = await this.#keys.list(caller.tenantId, provider)
    const created = await this.#keys.create(caller, {
      provider,
      placement,
      name: wanted.name ?? provider,
      secret: wanted.key,
      models: wanted.allowed_models ?? null,
      keys: wanted.allowed_api_key_hashes ?? null,
      priority: wanted.sort_order ?? nextIn(others, placement),
      share: 1,
      disabled: wanted.disabled,
      creditFallback: wanted.credit_fallback,
      force: wanted.force,
    })
    return { data: rowOf(created, caller) }
  }

  @Patch('management', ':id')
  async change(@Param('id') id: string, @Body() body: unknown, @Caller() caller: Caller): Promise<ManagedByokAnswer> {
    const before = await this.#keys.find(caller.tenantId, id)
    const wanted = parseSuggesting(ManagedByokPatch, body)
    const changed = await this.#keys.change(caller, before, {
      name: wanted.name ?? undefined,
      secret: wanted.key,
      disabled: wanted.disabled,
      creditFallback: wanted.credit_fallback,
      force: wanted.force,
      priority: wanted.sort_order,
      models: wanted.allowed_models,
      keys: wanted.allowed_api_key_hashes,
      ...(wanted.is_fallback !== undefined && { placement: placementOf(wanted.is_fallback) }),
    })
    if (wanted.disabled === false && changed.awaitsTest) throw await this.#stillAwaits(caller, changed)
    return { data: rowOf(changed, caller) }
  }

  @Delete('management', ':id')
  async remove(@Param('id') id: string, @Caller() caller: Caller): Promise<ManagedByokDeleted> {
    await this.#keys.remove(caller, id)
    return { deleted: true }
  }

  /** Why a key that was to be enabled is not used, and what `force` would do. */
  async #stillAwaits(caller: Caller, { id, lastTest }: OwnCredentialSummary): Promise<Fault> {
    const { requests, models } = await this.#keys.consequence(caller, id)
    const found = lastTest ? `found “${lastTest.result}”` : 'could not be made just now'
    return new Fault(
      'conflict',
      `The key is not used: its test ${found}. With "force": true it is used all the same. Of the last day, ${requests} requests would have gone to it.`,
      { metadata: { test: lastTest?.result ?? null, requests, models: models.slice(0, CONSEQUENCE_MODELS_MAX) } },
    )
  }
}

/** Behind the last one: keys are tried in the order in which they were added. */
function nextIn(keys: readonly OwnCredentialSummary[], placement: Placement): number {
  const taken = keys.filter((one) => one.placement === placement)
  return Math.min(Math.max(-1, ...taken.map(({ priority }) => priority)) + 1, OWN_PRIORITY_MAX)
}

function placementOf(isFallback: boolean): Placement {
  return isFallback ? 'fallback' : 'first'
}

/** It applies in every workspace; the one shown is the calling key's. */
function rowOf(summary: OwnCredentialSummary, { workspaceId }: Caller): ManagedByokKey {
  const { id, name, lastFour, provider, disabledAt, placement, priority, models, keys, createdAt } = summary
  const { awaitsTest, lastTest, creditFallback } = summary
  return {
    ...{ id, name, provider },
    label: `...${lastFour}`,
    disabled: disabledAt !== null || awaitsTest,
    awaits_test: awaitsTest,
    test: lastTest && { result: lastTest.result, status: lastTest.status, at: lastTest.testedAt.toISOString() },
    credit_fallback: creditFallback,
    is_fallback: placement === 'fallback',
    sort_order: priority,
    allowed_models: models && [...models],
    allowed_api_key_hashes: keys && [...keys],
    allowed_user_ids: null,
    is_required: false,
    is_byok_only: false,
    workspace_id: workspaceId,
    created_at: createdAt.toISOString(),
  }
}
