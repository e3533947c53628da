import { Controller, Inject, Param, Query } from '@nestjs/common'
import { RequestListQuery, type RequestAnswer, type RequestList } from '@turnpike/contract'
import { NO_PROVIDER } from '@turnpike/contract/lists'
import { parseRequestId } from '@turnpike/domain'
import { findPrice, findRequest, keyNames, listRequests, type RequestDetail, type RequestFilter } from '@turnpike/store'
import { Control } from '../control.ts'
import { pageOf } from '../page.ts'
import { objectsOf, parse } from '../parse.ts'
import { Get, Person } from '../routes.decorator.ts'
import { billOf } from './bill.ts'
import { detailOf, rowsOf } from './request-row.ts'

const { known } = objectsOf('request')

/** Finished requests: every one, and why it went where it went. */
@Controller('console/v1/requests')
export class RequestsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('requests:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<RequestList> {
    const { limit, cursor = null, ...wanted } = parse(RequestListQuery, query)
    const options = { limit, cursor, filter: filterOf(wanted) }
    const { requests, nextCursor } = await listRequests(this.control.pool, tenantId, options)
    return pageOf(await rowsOf(this.control.prisma, tenantId, requests), nextCursor)
  }

  @Get('requests:read', ':id')
  async one(@Param('id') id: string, @Person() { tenantId }: Person): Promise<RequestAnswer> {
    const found = known(await findRequest(this.control.pool, tenantId, known(parseRequestId(id))))
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

function filterOf({ from, to, ...query }: Omit<RequestListQuery, 'limit' | 'cursor'>): RequestFilter {
  const { 'filter[keyId]': keyId, 'filter[model]': model } = query
  const { 'filter[provider]': provider, 'filter[outcome]': outcome } = query
  return {
    ...(keyId !== undefined && { keyId }),
    ...(model !== undefined && { model }),
    ...(provider !== undefined && { provider: provider === NO_PROVIDER ? null : provider }),
    ...(outcome !== undefined && { outcome }),
    ...(from !== undefined && { fromMs: Date.parse(from) }),
    ...(to !== undefined && { toMs: Date.parse(to) }),
  }
}
