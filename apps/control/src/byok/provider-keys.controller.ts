import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  ProviderKeyChange,
  ProviderKeyCreate,
  ProviderKeyListQuery,
  SecretReplace,
  type OwnDeleted,
  type OwnTestAnswer,
  type ProviderKey,
  type ProviderKeyAnswer,
  type ProviderKeyList,
} from '@turnpike/contract'
import type { TenantId } from '@turnpike/domain'
import {
  createOwnCredential,
  findOwnCredential,
  keyNames,
  listOwnCredentials,
  removeOwnCredential,
  updateOwnCredential,
  type Author,
  type OwnCredentialPatch,
  type OwnCredentialSummary,
} from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { noSuchProviderKey, ownId, pageOf, providerKeyRow } from './rows.ts'
import { refuseUnknownNames } from './refuse-unknown-names.ts'

/** Credentials of the organisation's own at providers. A secret comes in and is never shown again, whoever asks. */
@Controller('console/v1/provider-keys')
export class ProviderKeysController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'provider-keys:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ProviderKeyList> {
    const { limit, cursor, provider } = parse(ProviderKeyListQuery, query)
    const { tenantId } = signedInOf(request)
    const all = await listOwnCredentials(this.control.prisma, tenantId)
    const wanted = provider === undefined ? all : all.filter((one) => one.provider === provider)
    const sorted = wanted.toSorted((a, b) => (a.provider < b.provider ? -1 : a.provider > b.provider ? 1 : 0))
    const page = pageOf(sorted, limit, cursor)
    return { ...page, data: await this.#rows(tenantId, page.data) }
  }

  @Get(':id')
  @RouteConfig({ access: 'provider-keys:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ProviderKeyAnswer> {
    const { tenantId } = signedInOf(request)
    return this.#answer(tenantId, await findOwnCredential(this.control.prisma, tenantId, idOf(id)))
  }

  @Post()
  @RouteConfig({ access: 'provider-keys:update' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(ProviderKeyCreate, body)
    const { tenantId } = signedInOf(request)
    const { prisma, credentialSecrets, ownLimits } = this.control
    const named = await refuseUnknownNames(this.control, tenantId, wanted, FIELDS)
    await ownLimits.takeSecret(tenantId)
    const creating = createOwnCredential(prisma, credentialSecrets, authorOf(request), { ...wanted, ...named })
    void reply.code(201).send(await this.#answer(tenantId, await this.control.published(creating)))
  }

  @Patch(':id')
  @RouteConfig({ access: 'provider-keys:update' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ProviderKeyAnswer> {
    const known = idOf(id)
    const { tenantId } = signedInOf(request)
    const before = await findOwnCredential(this.control.prisma, tenantId, known)
    if (!before) throw noSuchProviderKey()
    const { models, keys, ...rest } = parseSuggesting(ProviderKeyChange, body)
    const wanted = { provider: before.provider, models: models ?? null, keys: keys ?? null }
    const named = await refuseUnknownNames(this.control, tenantId, wanted, FIELDS)
    return this.#update(request, known, {
      ...rest,
      ...(models !== undefined && { models: named.models }),
      ...(keys !== undefined && { keys: named.keys }),
    })
  }

  @Put(':id/secret')
  @RouteConfig({ access: 'provider-keys:update' })
  async replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ProviderKeyAnswer> {
    const known = idOf(id)
    const { tenantId } = signedInOf(request)
    if (!(await findOwnCredential(this.control.prisma, tenantId, known))) throw noSuchProviderKey()
    const { secret } = parseSuggesting(SecretReplace, body)
    await this.control.ownLimits.takeSecret(tenantId)
    return this.#update(request, known, { secret })
  }

  @Delete(':id')
  @RouteConfig({ access: 'provider-keys:update' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnDeleted> {
    const removing = removeOwnCredential(this.control.prisma, authorOf(request), idOf(id), Date.now())
    if (!(await this.control.published(removing))) throw noSuchProviderKey()
    return { deleted: true }
  }

  @Post(':id/test')
  @HttpCode(200)
  @RouteConfig({ access: 'provider-keys:update' })
  async test(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnTestAnswer> {
    const tried = await this.control.trials.ofKey(signedInOf(request).tenantId, idOf(id), Date.now())
    if (!tried) throw noSuchProviderKey()
    return { data: { ...tried, at: tried.at.toISOString() } }
  }

  async #update(request: FastifyRequest, id: string, patch: OwnCredentialPatch): Promise<ProviderKeyAnswer> {
    const { prisma, credentialSecrets } = this.control
    const updating = updateOwnCredential(prisma, credentialSecrets, authorOf(request), id, patch)
    return this.#answer(signedInOf(request).tenantId, await this.control.published(updating))
  }

  /** Another organisation's and one that never was are answered alike. */
  async #answer(tenantId: TenantId, summary: OwnCredentialSummary | null): Promise<ProviderKeyAnswer> {
    const [data] = await this.#rows(tenantId, summary ? [summary] : [])
    if (!data) throw noSuchProviderKey()
    return { data }
  }

  async #rows(tenantId: TenantId, summaries: readonly OwnCredentialSummary[]): Promise<ProviderKey[]> {
    const ids = new Set(summaries.flatMap(({ keys }) => keys ?? []))
    const names = await keyNames(this.control.prisma, tenantId, [...ids])
    const catalogue = await this.control.catalogue()
    return summaries.map((summary) => providerKeyRow(summary, catalogue, names))
  }
}

function authorOf(request: FastifyRequest): Author {
  const { tenantId, userId } = signedInOf(request)
  return { tenantId, userId }
}

const FIELDS = { models: 'models', keys: 'keys' }

function idOf(text: string): string {
  return ownId(text, noSuchProviderKey)
}
