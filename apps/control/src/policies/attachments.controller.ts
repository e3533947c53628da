import { Body, Controller, Inject, Param } from '@nestjs/common'
import { keyId, PolicyAttachment, type PolicyAttached } from '@turnpike/contract'
import { attachPolicy, type PolicyPlace } from '@turnpike/store'
import { Control } from '../control.ts'
import { objectsOf, parse } from '../parse.ts'
import { Person, Put } from '../routes.decorator.ts'
import { refusingUnsatisfiable, routingContextOf } from './combined.ts'
import { refusal } from './problems.ts'

const places = {
  key: objectsOf('key', keyId()),
  workspace: objectsOf('workspace'),
  organisation: objectsOf('organisation'),
}

/** A policy only narrows the wider ones. Attaching an unsatisfiable combination is refused; detaching never is. */
@Controller('console/v1')
export class AttachmentsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Put('policies:update', 'keys/:id/policy')
  toKey(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<PolicyAttached> {
    return this.#attach(person, { kind: 'key', id: places.key.idOf(id) }, body)
  }

  @Put('policies:attach-widely', 'workspaces/:id/policy')
  toWorkspace(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<PolicyAttached> {
    return this.#attach(person, { kind: 'workspace', id: places.workspace.idOf(id) }, body)
  }

  @Put('policies:attach-widely', 'organisation/policy')
  toOrganisation(@Body() body: unknown, @Person() person: Person): Promise<PolicyAttached> {
    return this.#attach(person, { kind: 'organisation' }, body)
  }

  async #attach(person: Person, place: PolicyPlace, body: unknown): Promise<PolicyAttached> {
    const { policyId } = parse(PolicyAttachment, body)
    const context = await routingContextOf(this.control, person.tenantId, Date.now())
    const checkCombined = refusingUnsatisfiable(context, 'policyId')
    const attaching = attachPolicy(this.control.prisma, person, place, policyId, checkCombined)
    const outcome = await this.control.published(attaching)
    if (outcome.kind === 'place_unknown') throw places[place.kind].unknown()
    if (outcome.kind === 'policy_unknown') {
      throw refusal([{ path: ['policyId'], message: 'There is no such policy, or it was archived.' }])
    }
    return { data: { policy: outcome.policy } }
  }
}
