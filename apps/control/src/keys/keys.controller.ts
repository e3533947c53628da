import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
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
import { createKey, findKey, listKeys, renameKey, revokeKey, type KeySummary } from '@turnpike/store'
import { Control } from '../control.ts'
import { pageOf } from '../page.ts'
import { refuseRole } from '../edge.ts'
import { objectsOf, parse } from '../parse.ts'
import { Get, Patch, Person, Post } from '../routes.decorator.ts'

const { idOf, known } = objectsOf('key', keyId())

/** API keys: made, named, revoked. A key itself is in one answer only. */
@Controller('console/v1/keys')
export class KeysController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('keys:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<KeyList> {
    const { limit, cursor = null } = parse(KeyListQuery, query)
    const { keys, nextCursor } = await listKeys(this.control.prisma, tenantId, { limit, cursor }, Date.now())
    return pageOf(keys.map(rowOf), nextCursor)
  }

  @Get('keys:read', ':id')
  async one(@Param('id') id: string, @Person() { tenantId }: Person): Promise<KeyAnswer> {
    return { data: rowOf(known(await findKey(this.control.prisma, tenantId, idOf(id), Date.now()))) }
  }

  @Post('keys:create', '', 201)
  async create(@Body() body: unknown, @Person() person: Person): Promise<KeyCreated> {
    const { name, kind, expiresAt } = parse(KeyCreate, body)
    if (kind === 'mgmt') refuseRole(person, 'management-keys:create')
    const { prisma, secrets } = this.control
    const wanted = { workspaceId: person.workspace.id, name, kind, expiresAt: futureOf(expiresAt ?? null, Date.now()) }
    const { summary, key } = await this.control.published(createKey(prisma, secrets, person, wanted))
    return { data: rowOf(summary), key }
  }

  @Patch('keys:update', ':id')
  async rename(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<KeyAnswer> {
    const { name } = parse(KeyRename, body)
    const renaming = renameKey(this.control.prisma, person, idOf(id), name, Date.now())
    return { data: rowOf(known(await this.control.published(renaming))) }
  }

  @Post('keys:revoke', ':id/revoke')
  async revoke(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<KeyAnswer> {
    parse(Nothing, body)
    const revoking = revokeKey(this.control.prisma, person, idOf(id), Date.now())
    return { data: rowOf(known(await this.control.published(revoking))) }
  }
}

function futureOf(expiresAt: string | null, nowMs: number): Date | null {
  if (expiresAt === null) return null
  const at = new Date(expiresAt)
  if (at.getTime() > nowMs) return at
  throw new Fault('request_invalid', 'One field needs attention.', { fields: { expiresAt: 'Must be in the future.' } })
}

function rowOf({ createdAt, expiresAt, revokedAt, lastUsedAt, ...key }: KeySummary): ApiKey {
  return {
    ...key,
    label: `tp_${key.kind}_…${key.lastFour}`,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
