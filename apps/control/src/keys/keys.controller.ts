import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  keyId,
  KeyCreate,
  KeyListQuery,
  KeyRename,
  Nothing,
  type ApiKey,
  type KeyAnswer,
  type KeyCreated,
  type KeyList,
} from '@turnpike/contract'
import { Fault } from '@turnpike/domain'
import { createKey, findKey, listKeys, renameKey, revokeKey, type Author, type KeySummary } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { refuseRole, signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'

/** API keys: made, named, revoked. A key itself is in one answer only. */
@Controller('console/v1/keys')
export class KeysController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'keys:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<KeyList> {
    const { limit, cursor } = parse(KeyListQuery, query)
    const options = { limit, cursor: cursor ?? null }
    const page = await listKeys(this.control.prisma, signedInOf(request).tenantId, options, Date.now())
    return { data: page.keys.map(rowOf), hasMore: page.nextCursor !== null, nextCursor: page.nextCursor }
  }

  @Get(':id')
  @RouteConfig({ access: 'keys:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<KeyAnswer> {
    return {
      data: rowOf(known(await findKey(this.control.prisma, signedInOf(request).tenantId, idOf(id), Date.now()))),
    }
  }

  @Post()
  @RouteConfig({ access: 'keys:create' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, kind, expiresAt } = parse(KeyCreate, body)
    if (kind === 'mgmt') refuseRole(signedInOf(request), 'management-keys:create')
    const { workspace } = signedInOf(request)
    const { prisma, secrets } = this.control
    const wanted = { workspaceId: workspace.id, name, kind, expiresAt: futureOf(expiresAt ?? null, Date.now()) }
    const created = await this.control.published(createKey(prisma, secrets, authorOf(request), wanted))
    const answer: KeyCreated = { data: rowOf(created.summary), key: created.key }
    void reply.code(201).send(answer)
  }

  @Patch(':id')
  @RouteConfig({ access: 'keys:update' })
  async rename(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<KeyAnswer> {
    const { name } = parse(KeyRename, body)
    const renaming = renameKey(this.control.prisma, authorOf(request), idOf(id), name, Date.now())
    return { data: rowOf(known(await this.control.published(renaming))) }
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @RouteConfig({ access: 'keys:revoke' })
  async revoke(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<KeyAnswer> {
    parse(Nothing, body)
    const revoking = revokeKey(this.control.prisma, authorOf(request), idOf(id), Date.now())
    return { data: rowOf(known(await this.control.published(revoking))) }
  }
}

function authorOf(request: FastifyRequest): Author {
  const { tenantId, userId } = signedInOf(request)
  return { tenantId, userId }
}

/** What is no id at all is the id of no key. */
function idOf(text: string): string {
  if (keyId().safeParse(text).success) return text
  throw noSuchKey()
}

function noSuchKey(): Fault {
  return new Fault('object_unknown', 'There is no such key.')
}

/** Another organisation's key and one that never was are answered alike. */
function known(key: KeySummary | null): KeySummary {
  if (!key) throw noSuchKey()
  return key
}

function futureOf(expiresAt: string | null, nowMs: number): Date | null {
  if (expiresAt === null) return null
  const at = new Date(expiresAt)
  if (at.getTime() > nowMs) return at
  throw new Fault('request_invalid', 'One field needs attention.', { fields: { expiresAt: 'Must be in the future.' } })
}

function rowOf(key: KeySummary): ApiKey {
  const { id, name, kind, lastFour } = key
  return {
    id,
    name,
    kind,
    lastFour,
    label: `tp_${kind}_…${lastFour}`,
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    policy: key.policy,
  }
}
