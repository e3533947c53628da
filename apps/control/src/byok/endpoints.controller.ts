import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
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
} from '@turnpike/store'
import { Control } from '../control.ts'
import { pageIn } from '../page.ts'
import { objectsOf, parse } from '../parse.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { Delete, Get, Patch, Person, Post, Put } from '../routes.decorator.ts'
import { checkEndpoint, priceOf } from './check-endpoint.ts'
import { ownEndpointRow, testAnswer } from './rows.ts'

const { idOf, known } = objectsOf('endpoint')

/** Endpoints that the organisation runs or rents. Addresses are checked when they are saved and at each call. */
@Controller('console/v1/own-endpoints')
export class OwnEndpointsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('own-endpoints:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<OwnEndpointList> {
    const { limit, cursor } = parse(OwnEndpointListQuery, query)
    const all = await listOwnEndpoints(this.control.prisma, tenantId)
    const sorted = all.toSorted((a, b) => a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1))
    const page = pageIn(sorted, limit, cursor)
    return { ...page, data: page.data.map(ownEndpointRow) }
  }

  @Get('own-endpoints:read', ':id')
  async one(@Param('id') id: string, @Person() person: Person): Promise<OwnEndpointAnswer> {
    return { data: ownEndpointRow(await this.#find(person, id)) }
  }

  @Post('own-endpoints:update', '', 201)
  async create(@Body() body: unknown, @Person() person: Person): Promise<OwnEndpointAnswer> {
    const wanted = parseSuggesting(OwnEndpointCreate, body)
    const { prisma, credentialSecrets, ownLimits, config } = this.control
    await ownLimits.takeAddress(person.tenantId)
    const baseUrl = await checkEndpoint(wanted, await this.control.catalogue(), config.EGRESS_ALLOW)
    if (wanted.secret !== null) await ownLimits.takeSecret(person.tenantId)
    const creating = createOwnEndpoint(prisma, credentialSecrets, person, {
      ...wanted,
      model: wanted.model as ModelSlug,
      baseUrl: baseUrl ?? wanted.baseUrl,
      price: priceOf(wanted.price),
    })
    return { data: ownEndpointRow(await this.control.published(creating)) }
  }

  @Patch('own-endpoints:update', ':id')
  async change(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<OwnEndpointAnswer> {
    const before = await this.#find(person, id)
    const { price, baseUrl, ...rest } = parseSuggesting(OwnEndpointChange, body)
    const { ownLimits, config } = this.control
    const moves = baseUrl !== undefined && baseUrl !== before.baseUrl
    if (moves) await ownLimits.takeAddress(person.tenantId)
    const wish = {
      retainsPrompts: rest.retainsPrompts ?? before.retainsPrompts,
      zeroRetention: rest.zeroRetention ?? before.zeroRetention,
      ...(moves && { baseUrl }),
    }
    const checked = await checkEndpoint(wish, await this.control.catalogue(), config.EGRESS_ALLOW)
    if (rest.secret) await ownLimits.takeSecret(person.tenantId)
    return this.#update(person, before.id, {
      ...rest,
      ...(checked !== undefined && { baseUrl: checked }),
      ...(price && { price: priceOf(price) }),
    })
  }

  @Put('own-endpoints:update', ':id/secret')
  async replace(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<OwnEndpointAnswer> {
    const before = await this.#find(person, id)
    const patch = parseSuggesting(EndpointSecretReplace, body)
    await this.control.ownLimits.takeSecret(person.tenantId)
    return this.#update(person, before.id, patch)
  }

  @Delete('own-endpoints:update', ':id')
  async remove(@Param('id') id: string, @Person() person: Person): Promise<OwnDeleted> {
    known(await this.control.published(removeOwnEndpoint(this.control.prisma, person, idOf(id), Date.now())))
    return { deleted: true }
  }

  @Post('own-endpoints:update', ':id/test')
  async test(@Param('id') id: string, @Person() { tenantId }: Person): Promise<OwnTestAnswer> {
    return testAnswer(known(await this.control.testRuns.ofEndpoint(tenantId, idOf(id), Date.now())))
  }

  async #find({ tenantId }: Person, id: string) {
    return known(await findOwnEndpoint(this.control.prisma, tenantId, idOf(id)))
  }

  async #update(person: Person, id: string, patch: OwnEndpointPatch): Promise<OwnEndpointAnswer> {
    const { prisma, credentialSecrets } = this.control
    const updating = updateOwnEndpoint(prisma, credentialSecrets, person, id, patch)
    return { data: ownEndpointRow(known(await this.control.published(updating))) }
  }
}
