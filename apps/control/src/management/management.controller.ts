import { Body, Controller, Inject, Param, Query, Res } from '@nestjs/common'
import {
  keyId,
  ManagedKeyCreate,
  ManagedKeyListQuery,
  ManagedKeyPatch,
  type ManagedKey as ManagedKeyRow,
  type ManagedKeyAnswer,
  type ManagedKeyCreated,
  type ManagedKeyDeleted,
  type ManagedKeyList,
} from '@turnpike/contract'
import { usdString, type KeyId, type WorkspaceId } from '@turnpike/domain'
import {
  attachPolicy,
  createKey,
  findManagedKey,
  hasWorkspace,
  listManagedKeys,
  renameKey,
  type ManagedKey,
} from '@turnpike/store'
import type { FastifyReply } from 'fastify'
import { Control } from '../control.ts'
import { objectsOf, parseNaming, wrong } from '../parse.ts'
import { refusingUnsatisfiable, routingContextOf } from '../policies/combined.ts'
import { Caller, Delete, Get, Patch, Post } from '../routes.decorator.ts'

const { idOf, known, unknown } = objectsOf('key', keyId())

/** OpenRouter's contract for keys, with which programs also attach policies to them. */
@Controller('api/v1/keys')
export class ManagementController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('management')
  async list(@Query() query: unknown, @Caller() { tenantId }: Caller): Promise<ManagedKeyList> {
    const { offset, limit, include_disabled, workspace_id = null } = parseNaming(ManagedKeyListQuery, query)
    const filter = { offset, limit, revokedToo: include_disabled, workspaceId: workspace_id }
    const page = await listManagedKeys(this.control.pool, tenantId, filter, Date.now())
    return { data: page.keys.map(rowOf), total_count: page.total }
  }

  @Get('management', ':hash')
  async one(@Param('hash') hash: string, @Caller() caller: Caller): Promise<ManagedKeyAnswer> {
    return { data: rowOf(await this.#find(caller, idOf(hash))) }
  }

  @Post('management', '', 201)
  async create(@Body() body: unknown, @Caller() caller: Caller): Promise<ManagedKeyCreated> {
    const { name, kind, expires_at, workspace_id } = parseNaming(ManagedKeyCreate, body)
    const { prisma, secrets } = this.control
    const wanted = {
      name,
      kind,
      workspaceId: await this.#workspace(caller, workspace_id ?? null),
      expiresAt: futureOf(expires_at ?? null, Date.now()),
    }
    const { key, summary } = await this.control.published(createKey(prisma, secrets, caller, wanted))
    return { data: rowOf(await this.#find(caller, summary.id)), key }
  }

  @Patch('management', ':hash')
  async change(
    @Param('hash') hash: string,
    @Body() body: unknown,
    @Caller() caller: Caller,
  ): Promise<ManagedKeyAnswer> {
    const { name, disabled, policy_id } = parseNaming(ManagedKeyPatch, body)
    const key = await this.#find(caller, idOf(hash))
    if (disabled === false && key.revokedAt) {
      throw wrong('disabled', 'this key was revoked, which is for good. Make another one.')
    }
    if (policy_id !== undefined) await this.#attach(caller, key.id, policy_id)
    if (name !== undefined && name !== key.name) {
      await this.control.published(renameKey(this.control.prisma, caller, key.id, name, Date.now()))
    }
    return { data: rowOf(await this.#find(caller, key.id)) }
  }

  @Delete('management', ':hash')
  async revoke(@Param('hash') hash: string, @Caller() caller: Caller, @Res() reply: FastifyReply): Promise<void> {
    const outcome = await this.control.management.revoke(caller, idOf(hash) as KeyId, Date.now())
    const answer: ManagedKeyDeleted = outcome === 'revoked' ? { deleted: true } : { status: 'revocation_pending' }
    void reply.code(outcome === 'revoked' ? 200 : 202).send(answer)
  }

  async #attach(caller: Caller, id: KeyId, policyId: string | null): Promise<void> {
    const world = await routingContextOf(this.control, caller.tenantId, Date.now())
    const checkCombined = refusingUnsatisfiable(world, 'policy_id')
    const attaching = attachPolicy(this.control.prisma, caller, { kind: 'key', id }, policyId, checkCombined)
    const { kind } = await this.control.published(attaching)
    if (kind === 'place_unknown') throw unknown()
    if (kind === 'policy_unknown') throw wrong('policy_id', 'there is no such policy, or it was archived.')
  }

  async #find({ tenantId }: Caller, id: string): Promise<ManagedKey> {
    return known(await findManagedKey(this.control.pool, tenantId, id as KeyId, Date.now()))
  }

  async #workspace({ tenantId, workspaceId }: Caller, wanted: string | null): Promise<WorkspaceId> {
    if (wanted === null || wanted === workspaceId) return workspaceId
    if (await hasWorkspace(this.control.pool, tenantId, wanted)) return wanted as WorkspaceId
    throw wrong('workspace_id', 'there is no such workspace.')
  }
}

function futureOf(expiresAt: string | null, nowMs: number): Date | null {
  if (expiresAt === null) return null
  const at = new Date(expiresAt)
  if (at.getTime() > nowMs) return at
  throw wrong('expires_at', 'must be in the future.')
}

/** What we do not have is said as none: no limit. */
function rowOf(key: ManagedKey): ManagedKeyRow {
  const { id, name, kind, lastFour, usage } = key
  return {
    hash: id,
    name,
    label: `tp_${kind}_…${lastFour}`,
    kind,
    disabled: key.revokedAt !== null,
    limit: null,
    limit_remaining: null,
    limit_reset: null,
    include_byok_in_limit: false,
    usage: dollars(usage.credits.total),
    usage_daily: dollars(usage.credits.today),
    usage_weekly: dollars(usage.credits.week),
    usage_monthly: dollars(usage.credits.month),
    byok_usage: dollars(usage.own.total),
    byok_usage_daily: dollars(usage.own.today),
    byok_usage_weekly: dollars(usage.own.week),
    byok_usage_monthly: dollars(usage.own.month),
    created_at: key.createdAt.toISOString(),
    updated_at: key.updatedAt?.toISOString() ?? null,
    expires_at: key.expiresAt?.toISOString() ?? null,
    creator_user_id: key.createdBy,
    workspace_id: key.workspaceId,
    policy_id: key.policyId,
  }
}

function dollars(nanoUsd: bigint): number {
  return Number(usdString(nanoUsd))
}
