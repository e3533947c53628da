import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  keyId,
  ManagedKeyCreate,
  ManagedKeyListQuery,
  ManagedKeyPatch,
  type ManagedKeyAnswer,
  type ManagedKeyCreated,
  type ManagedKeyDeleted,
  type ManagedKeyList,
} from '@turnpike/contract'
import { Fault, type Caller, type KeyId, type WorkspaceId } from '@turnpike/domain'
import {
  attachPolicy,
  createKey,
  findManagedKey,
  hasWorkspace,
  listManagedKeys,
  renameKey,
  type ManagedKey,
} from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { callerOf } from '../edge.ts'
import { refusingUnsatisfiable, routingContextOf } from '../policies/combined.ts'
import { authorOf } from './author.ts'
import { managedKeyRow } from './managed-key-row.ts'
import { parseNaming } from './parse-naming.ts'

/**
 * OpenRouter's contract for keys: a management key makes, lists, names and revokes the keys of its organisation, by program, and
 * attaches policies to them.
 */
@Controller('api/v1/keys')
export class ManagementController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'management' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ManagedKeyList> {
    const { offset, limit, include_disabled, workspace_id = null } = parseNaming(ManagedKeyListQuery, query)
    const filter = { offset, limit, revokedToo: include_disabled, workspaceId: workspace_id }
    const page = await listManagedKeys(this.control.pool, callerOf(request).tenantId, filter, Date.now())
    return { data: page.keys.map(managedKeyRow), total_count: page.total }
  }

  @Get(':hash')
  @RouteConfig({ access: 'management' })
  async one(@Param('hash') hash: string, @Req() request: FastifyRequest): Promise<ManagedKeyAnswer> {
    return { data: managedKeyRow(await this.#find(callerOf(request), idOf(hash))) }
  }

  @Post()
  @RouteConfig({ access: 'management' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, kind, expires_at, workspace_id } = parseNaming(ManagedKeyCreate, body)
    const caller = callerOf(request)
    const { prisma, secrets } = this.control
    const wanted = {
      name,
      kind,
      workspaceId: await this.#workspace(caller, workspace_id ?? null),
      expiresAt: futureOf(expires_at ?? null, Date.now()),
    }
    const { key, summary } = await this.control.published(createKey(prisma, secrets, authorOf(request), wanted))
    const answer: ManagedKeyCreated = { data: managedKeyRow(await this.#find(caller, summary.id)), key }
    void reply.code(201).send(answer)
  }

  @Patch(':hash')
  @RouteConfig({ access: 'management' })
  async change(
    @Param('hash') hash: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ManagedKeyAnswer> {
    const { name, disabled, policy_id } = parseNaming(ManagedKeyPatch, body)
    const caller = callerOf(request)
    const key = await this.#find(caller, idOf(hash))
    if (disabled === false && key.revokedAt) {
      throw new Fault('request_invalid', 'disabled: this key was revoked, which is for good. Make another one.', {
        param: 'disabled',
      })
    }
    if (policy_id !== undefined) await this.#attach(request, key.id, policy_id)
    if (name !== undefined && name !== key.name) {
      await this.control.published(renameKey(this.control.prisma, authorOf(request), key.id, name, Date.now()))
    }
    return { data: managedKeyRow(await this.#find(caller, key.id)) }
  }

  @Delete(':hash')
  @RouteConfig({ access: 'management' })
  async revoke(@Param('hash') hash: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const outcome = await this.control.management.revoke(authorOf(request), idOf(hash), Date.now())
    const answer: ManagedKeyDeleted = outcome === 'revoked' ? { deleted: true } : { status: 'revocation_pending' }
    void reply.code(outcome === 'revoked' ? 200 : 202).send(answer)
  }

  async #attach(request: FastifyRequest, id: KeyId, policyId: string | null): Promise<void> {
    const world = await routingContextOf(this.control, callerOf(request).tenantId, Date.now())
    const checkCombined = refusingUnsatisfiable(world, 'policy_id')
    const attaching = attachPolicy(this.control.prisma, authorOf(request), { kind: 'key', id }, policyId, checkCombined)
    const { kind } = await this.control.published(attaching)
    if (kind === 'place_unknown') throw noSuchKey()
    if (kind === 'policy_unknown') {
      throw new Fault('request_invalid', 'policy_id: there is no such policy, or it was archived.', {
        param: 'policy_id',
      })
    }
  }

  /** Another organisation's key and one that never was are answered alike. */
  async #find({ tenantId }: Caller, id: KeyId): Promise<ManagedKey> {
    const key = await findManagedKey(this.control.pool, tenantId, id, Date.now())
    if (!key) throw noSuchKey()
    return key
  }

  async #workspace({ tenantId, workspaceId }: Caller, wanted: string | null): Promise<WorkspaceId> {
    if (wanted === null || wanted === workspaceId) return workspaceId
    if (await hasWorkspace(this.control.pool, tenantId, wanted)) return wanted as WorkspaceId
    throw new Fault('request_invalid', 'workspace_id: there is no such workspace.', { param: 'workspace_id' })
  }
}

/** What is no id at all is the id of no key. */
function idOf(text: string): KeyId {
  if (keyId().safeParse(text).success) return text as KeyId
  throw noSuchKey()
}

function noSuchKey(): Fault {
  return new Fault('object_unknown', 'There is no such key.')
}

function futureOf(expiresAt: string | null, nowMs: number): Date | null {
  if (expiresAt === null) return null
  const at = new Date(expiresAt)
  if (at.getTime() > nowMs) return at
  throw new Fault('request_invalid', 'expires_at: must be in the future.', { param: 'expires_at' })
}
