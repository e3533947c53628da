import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { RequestListQuery, type RequestAnswer, type RequestList } from '@turnpike/contract'
import { Fault, parseRequestId } from '@turnpike/domain'
import { findPrice, findRequest, keyNames, listRequests, type RequestDetail, type RequestFilter } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import { billOf } from './bill.ts'
import { detailOf, rowOf } from './request-row.ts'

/** Finished requests: every one, and why it went where it went. */
@Controller('console/v1/requests')
export class RequestsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'requests:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<RequestList> {
    const wanted = parse(RequestListQuery, query)
    const { tenantId } = signedInOf(request)
    const { requests, nextCursor } = await listRequests(this.control.pool, tenantId, {
      limit: wanted.limit,
      cursor: wanted.cursor ?? null,
      filter: filterOf(wanted),
    })
    const names = await keyNames(this.control.prisma, tenantId, [...new Set(requests.map(({ keyId }) => keyId))])
    return { data: requests.map((found) => rowOf(found, names)), hasMore: nextCursor !== null, nextCursor }
  }

  @Get(':id')
  @RouteConfig({ access: 'requests:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<RequestAnswer> {
    const { tenantId } = signedInOf(request)
    const requestId = parseRequestId(id)
    const found = requestId && (await findRequest(this.control.pool, tenantId, requestId))
    if (!found) throw new Fault('object_unknown', 'There is no such request.')
    const [names, price] = await Promise.all([
      keyNames(this.control.prisma, tenantId, [found.keyId]),
      this.#priceOf(found),
    ])
    return { data: detailOf(found, names, price ? billOf(found.usage, price, found.costNanoUsd) : []) }
  }

  async #priceOf({ endpoint, priceVersion }: RequestDetail) {
    return endpoint === null || priceVersion === null ? null : findPrice(this.control.prisma, endpoint, priceVersion)
  }
}

function filterOf(query: RequestListQuery): RequestFilter {
  const { from, to } = query
  const keyId = query['filter[keyId]']
  const model = query['filter[model]']
  const provider = query['filter[provider]']
  const outcome = query['filter[outcome]']
  return {
    ...(keyId !== undefined && { keyId }),
    ...(model !== undefined && { model }),
    ...(provider !== undefined && { provider }),
    ...(outcome !== undefined && { outcome }),
    ...(from !== undefined && { fromMs: Date.parse(from) }),
    ...(to !== undefined && { toMs: Date.parse(to) }),
  }
}
