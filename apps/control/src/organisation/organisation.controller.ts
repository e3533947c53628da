import { Body, Controller, Get, Inject, Patch, Req } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { OrganisationChange, type OrganisationAnswer } from '@turnpike/contract'
import { changeOrganisation, readOrganisation } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'

/** The organisation's own settings. */
@Controller('console/v1/organisation')
export class OrganisationController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'organisation:read' })
  async read(@Req() request: FastifyRequest): Promise<OrganisationAnswer> {
    const { tenantId } = signedInOf(request)
    return { data: { id: tenantId, ...(await readOrganisation(this.control.prisma, tenantId)) } }
  }

  @Patch()
  @RouteConfig({ access: 'organisation:update' })
  async change(@Body() body: unknown, @Req() request: FastifyRequest): Promise<OrganisationAnswer> {
    const wanted = parse(OrganisationChange, body)
    const { tenantId, userId } = signedInOf(request)
    const changing = changeOrganisation(this.control.prisma, { tenantId, userId }, wanted)
    return { data: { id: tenantId, ...(await this.control.published(changing)) } }
  }
}
