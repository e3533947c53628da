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
import { keyNames, type OwnCredentialSummary } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { authorOf } from './author.ts'
import { ProviderKeys } from './provider-keys.ts'
import { noSuchProviderKey, ownId, pageOf, providerKeyRow } from './rows.ts'

/** Credentials of the organisation's own at providers. A secret comes in and is never shown again. */
@Controller('console/v1/provider-keys')
export class ProviderKeysController {
  readonly #keys: ProviderKeys

  constructor(@Inject(Control) private readonly control: Control) {
    this.#keys = new ProviderKeys(control, { models: 'models', keys: 'keys' })
  }

  @Get()
  @RouteConfig({ access: 'provider-keys:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ProviderKeyList> {
    const { limit, cursor, provider } = parse(ProviderKeyListQuery, query)
    const all = await this.#keys.list(signedInOf(request).tenantId, provider)
    const sorted = all.toSorted((a, b) => (a.provider < b.provider ? -1 : a.provider > b.provider ? 1 : 0))
    const page = pageOf(sorted, limit, cursor)
    return { ...page, data: await this.#rows(request, page.data) }
  }

  @Get(':id')
  @RouteConfig({ access: 'provider-keys:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ProviderKeyAnswer> {
    return this.#answer(request, await this.#keys.find(signedInOf(request).tenantId, id))
  }

  @Post()
  @RouteConfig({ access: 'provider-keys:update' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(ProviderKeyCreate, body)
    const created = await this.#keys.create(authorOf(request), wanted)
    void reply.code(201).send(await this.#answer(request, created))
  }

  @Patch(':id')
  @RouteConfig({ access: 'provider-keys:update' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ProviderKeyAnswer> {
    const author = authorOf(request)
    const before = await this.#keys.find(author.tenantId, id)
    const patch = parseSuggesting(ProviderKeyChange, body)
    return this.#answer(request, await this.#keys.change(author, before, patch))
  }

  @Put(':id/secret')
  @RouteConfig({ access: 'provider-keys:update' })
  async replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ProviderKeyAnswer> {
    const author = authorOf(request)
    const before = await this.#keys.find(author.tenantId, id)
    const { secret } = parseSuggesting(SecretReplace, body)
    return this.#answer(request, await this.#keys.replaceSecret(author, before, secret))
  }

  @Delete(':id')
  @RouteConfig({ access: 'provider-keys:update' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnDeleted> {
    await this.#keys.remove(authorOf(request), id)
    return { deleted: true }
  }

  @Post(':id/test')
  @HttpCode(200)
  @RouteConfig({ access: 'provider-keys:update' })
  async test(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnTestAnswer> {
    const { tenantId } = signedInOf(request)
    const run = await this.control.testRuns.ofKey(tenantId, ownId(id, noSuchProviderKey), Date.now())
    if (!run) throw noSuchProviderKey()
    return { data: { ...run, at: run.at.toISOString() } }
  }

  async #answer(request: FastifyRequest, summary: OwnCredentialSummary): Promise<ProviderKeyAnswer> {
    const [data] = await this.#rows(request, [summary])
    if (!data) throw noSuchProviderKey()
    return { data }
  }

  async #rows(request: FastifyRequest, summaries: readonly OwnCredentialSummary[]): Promise<ProviderKey[]> {
    const ids = new Set(summaries.flatMap(({ keys }) => keys ?? []))
    const names = await keyNames(this.control.prisma, signedInOf(request).tenantId, [...ids])
    const catalogue = await this.control.catalogue()
    return summaries.map((summary) => providerKeyRow(summary, catalogue, names))
  }
}
