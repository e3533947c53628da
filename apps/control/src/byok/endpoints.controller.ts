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
  EndpointSecretReplace,
  OwnEndpointChange,
  OwnEndpointCreate,
  OwnEndpointListQuery,
  type OwnDeleted,
  type OwnEndpointAnswer,
  type OwnEndpointList,
  type OwnTestAnswer,
} from '@turnpike/contract'
import type { ModelSlug } from '@turnpike/domain'
import {
  createOwnEndpoint,
  findOwnEndpoint,
  listOwnEndpoints,
  removeOwnEndpoint,
  updateOwnEndpoint,
  type OwnEndpointPatch,
  type OwnEndpointSummary,
} from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { authorOf } from './author.ts'
import { checkEndpoint, priceOf } from './check-endpoint.ts'
import { noSuchEndpoint, ownEndpointRow, ownId, pageOf } from './rows.ts'

/** Endpoints that the organisation runs or rents. Their addresses are checked when they are saved and whenever they are called. */
@Controller('console/v1/own-endpoints')
export class OwnEndpointsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'own-endpoints:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<OwnEndpointList> {
    const { limit, cursor } = parse(OwnEndpointListQuery, query)
    const all = await listOwnEndpoints(this.control.prisma, signedInOf(request).tenantId)
    const sorted = all.toSorted((a, b) => a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1))
    const page = pageOf(sorted, limit, cursor)
    return { ...page, data: page.data.map(ownEndpointRow) }
  }

  @Get(':id')
  @RouteConfig({ access: 'own-endpoints:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnEndpointAnswer> {
    return answer(await this.#find(request, id))
  }

  @Post()
  @RouteConfig({ access: 'own-endpoints:update' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseSuggesting(OwnEndpointCreate, body)
    const { prisma, credentialSecrets, ownLimits, config } = this.control
    const { tenantId } = signedInOf(request)
    await ownLimits.takeAddress(tenantId)
    const baseUrl = await checkEndpoint(wanted, await this.control.catalogue(), config.EGRESS_ALLOW)
    if (wanted.secret !== null) await ownLimits.takeSecret(tenantId)
    const creating = createOwnEndpoint(prisma, credentialSecrets, authorOf(request), {
      ...wanted,
      model: wanted.model as ModelSlug,
      baseUrl: baseUrl ?? wanted.baseUrl,
      price: priceOf(wanted.price),
    })
    void reply.code(201).send(answer(await this.control.published(creating)))
  }

  @Patch(':id')
  @RouteConfig({ access: 'own-endpoints:update' })
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<OwnEndpointAnswer> {
    const before = await this.#find(request, id)
    const { price, baseUrl, ...rest } = parseSuggesting(OwnEndpointChange, body)
    const { tenantId } = signedInOf(request)
    const { ownLimits, config } = this.control
    const moves = baseUrl !== undefined && baseUrl !== before.baseUrl
    if (moves) await ownLimits.takeAddress(tenantId)
    const wish = {
      retainsPrompts: rest.retainsPrompts ?? before.retainsPrompts,
      zeroRetention: rest.zeroRetention ?? before.zeroRetention,
      ...(moves && { baseUrl }),
    }
    const checked = await checkEndpoint(wish, await this.control.catalogue(), config.EGRESS_ALLOW)
    if (rest.secret) await ownLimits.takeSecret(tenantId)
    return this.#update(request, before.id, {
      ...rest,
      ...(checked !== undefined && { baseUrl: checked }),
      ...(price && { price: priceOf(price) }),
    })
  }

  @Put(':id/secret')
  @RouteConfig({ access: 'own-endpoints:update' })
  async replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<OwnEndpointAnswer> {
    const before = await this.#find(request, id)
    const { secret } = parseSuggesting(EndpointSecretReplace, body)
    await this.control.ownLimits.takeSecret(signedInOf(request).tenantId)
    return this.#update(request, before.id, { secret })
  }

  @Delete(':id')
  @RouteConfig({ access: 'own-endpoints:update' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnDeleted> {
    const removing = removeOwnEndpoint(this.control.prisma, authorOf(request), idOf(id), Date.now())
    if (!(await this.control.published(removing))) throw noSuchEndpoint()
    return { deleted: true }
  }

  @Post(':id/test')
  @HttpCode(200)
  @RouteConfig({ access: 'own-endpoints:update' })
  async test(@Param('id') id: string, @Req() request: FastifyRequest): Promise<OwnTestAnswer> {
    const run = await this.control.testRuns.ofEndpoint(signedInOf(request).tenantId, idOf(id), Date.now())
    if (!run) throw noSuchEndpoint()
    return { data: { ...run, at: run.at.toISOString() } }
  }

  /** Another organisation's and one that never was are answered alike. */
  async #find(request: FastifyRequest, id: string): Promise<OwnEndpointSummary> {
    const known = await findOwnEndpoint(this.control.prisma, signedInOf(request).tenantId, idOf(id))
    if (!known) throw noSuchEndpoint()
    return known
  }

  async #update(request: FastifyRequest, id: string, patch: OwnEndpointPatch): Promise<OwnEndpointAnswer> {
    const { prisma, credentialSecrets } = this.control
    const updating = updateOwnEndpoint(prisma, credentialSecrets, authorOf(request), id, patch)
    return answer(await this.control.published(updating))
  }
}

function answer(summary: OwnEndpointSummary | null): OwnEndpointAnswer {
  if (!summary) throw noSuchEndpoint()
  return { data: ownEndpointRow(summary) }
}

function idOf(text: string): string {
  return ownId(text, noSuchEndpoint)
}
