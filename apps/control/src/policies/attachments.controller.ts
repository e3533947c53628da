import { Body, Controller, Inject, Param, Put, Req } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { keyId, PolicyAttachment, type PolicyAttached } from '@turnpike/contract'
import { Fault } from '@turnpike/domain'
import { attachPolicy, type PolicyPlace } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import * as z from 'zod'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { refusal } from './problems.ts'
import { parse } from '../parse.ts'
import { refusingUnsatisfiable, routingContextOf } from './combined.ts'

/**
 * Attaches a policy to a key, a workspace or the organisation. A policy only narrows the wider ones. Attaching an unsatisfiable
 * combination is refused; detaching never is.
 */
@Controller('console/v1')
export class AttachmentsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Put('keys/:id/policy')
  @RouteConfig({ access: 'policies:update' })
  toKey(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<PolicyAttached> {
    if (!keyId().safeParse(id).success) throw unknown('key')
    return this.#attach(request, { kind: 'key', id }, body)
  }

  @Put('workspaces/:id/policy')
  @RouteConfig({ access: 'policies:attach-widely' })
  toWorkspace(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<PolicyAttached> {
    if (!z.uuid().safeParse(id).success) throw unknown('workspace')
    return this.#attach(request, { kind: 'workspace', id }, body)
  }

  @Put('organisation/policy')
  @RouteConfig({ access: 'policies:attach-widely' })
  toOrganisation(@Body() body: unknown, @Req() request: FastifyRequest): Promise<PolicyAttached> {
    return this.#attach(request, { kind: 'organisation' }, body)
  }

  async #attach(request: FastifyRequest, place: PolicyPlace, body: unknown): Promise<PolicyAttached> {
    const { policyId } = parse(PolicyAttachment, body)
    const { tenantId, userId } = signedInOf(request)
    const checkCombined = refusingUnsatisfiable(await routingContextOf(this.control, tenantId, Date.now()), 'policyId')
    const attaching = attachPolicy(this.control.prisma, { tenantId, userId }, place, policyId, checkCombined)
    const outcome = await this.control.published(attaching)
    if (outcome.kind === 'place_unknown') throw unknown(place.kind)
    if (outcome.kind === 'policy_unknown') {
      throw refusal([{ path: ['policyId'], message: 'There is no such policy, or it was archived.' }])
    }
    return { data: { policy: outcome.policy } }
  }
}

/** The same answer for a malformed id, an unknown one and one of another organisation. */
function unknown(kind: PolicyPlace['kind']): Fault {
  return new Fault('object_unknown', `There is no such ${kind}.`)
}
