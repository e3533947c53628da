import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
import {
  PolicyCreate,
  PolicyListQuery,
  PolicyPreviewQuestion,
  PolicyRename,
  PolicyRollback,
  PolicySave,
  PolicyVersionListQuery,
  type PolicyAnswer,
  type PolicyList,
  type PolicyPreviewAnswer,
  type PolicyVersionList,
} from '@turnpike/contract'
import { listPolicies, listPolicyVersions, policyLayers, recentHealth } from '@turnpike/store'
import { Control } from '../control.ts'
import { pageOf } from '../page.ts'
import { refuseRole } from '../edge.ts'
import { parse } from '../parse.ts'
import { Get, Patch, Person, Post } from '../routes.decorator.ts'
import { archive, changePolicy, makePolicy, policyOf, rollBack, type PolicyOutcome } from './changes.ts'
import { routingContextOf } from './combined.ts'
import { policies, policyRow, versionRow } from './policy-row.ts'
import { previewOf } from './preview.ts'
import { parseSuggesting } from './problems.ts'
import { refuseInvalid } from './unsatisfiable.ts'

/** `AttachmentsController` attaches them. */
@Controller('console/v1/policies')
export class PoliciesController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('policies:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<PolicyList> {
    const { limit, cursor = null } = parse(PolicyListQuery, query)
    const page = await listPolicies(this.control.prisma, tenantId, { limit, cursor })
    return pageOf(page.policies.map(policyRow), page.nextCursor)
  }

  @Get('policies:read', ':id')
  async one(@Param('id') id: string, @Person() person: Person): Promise<PolicyAnswer> {
    return answerOf(await policyOf(this.control, person, policies.idOf(id)))
  }

  @Post('policies:update', '', 201)
  async create(@Body() body: unknown, @Person() person: Person): Promise<PolicyAnswer> {
    return answerOf(await makePolicy(this.control, person, parseSuggesting(PolicyCreate, body)))
  }

  @Patch('policies:update', ':id')
  async rename(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<PolicyAnswer> {
    const { name } = parse(PolicyRename, body)
    const wanted = { name, basedOn: null, onWide: refusingTheNarrow(person) }
    return answerOf(await changePolicy(this.control, person, policies.idOf(id), wanted))
  }

  @Post('policies:update', ':id/versions')
  async save(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<PolicyAnswer> {
    const known = policies.idOf(id)
    const wanted = { ...parseSuggesting(PolicySave, body), onWide: refusingTheNarrow(person) }
    return answerOf(await changePolicy(this.control, person, known, wanted))
  }

  @Get('policies:read', ':id/versions')
  async versions(
    @Param('id') id: string,
    @Query() query: unknown,
    @Person() { tenantId }: Person,
  ): Promise<PolicyVersionList> {
    const known = policies.idOf(id)
    const { limit, cursor: before = null } = parse(PolicyVersionListQuery, query)
    const page = policies.known(await listPolicyVersions(this.control.prisma, tenantId, known, { limit, before }))
    return pageOf(page.versions.map(versionRow), page.nextCursor)
  }

  @Post('policies:update', ':id/rollback')
  async rollBack(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<PolicyAnswer> {
    const known = policies.idOf(id)
    const wanted = { ...parse(PolicyRollback, body), onWide: refusingTheNarrow(person) }
    return answerOf(await rollBack(this.control, person, known, wanted))
  }

  @Post('policies:update', ':id/archive')
  async archive(@Param('id') id: string, @Person() person: Person): Promise<PolicyAnswer> {
    return answerOf(await archive(this.control, person, policies.idOf(id)))
  }

  @Post('policies:read', 'preview')
  async preview(@Body() body: unknown, @Person() person: Person): Promise<PolicyPreviewAnswer> {
    const question = parseSuggesting(PolicyPreviewQuestion, body)
    const { tenantId, workspace, organisation } = person
    const { prisma, pool } = this.control
    const context = await routingContextOf(this.control, tenantId, Date.now())
    refuseInvalid(question.document, context.catalogue, context.own)
    const layers = await policyLayers(prisma, tenantId, workspace.id)
    const health = await recentHealth(pool, context.nowMs)
    return { data: previewOf(question, { ...context, layers, funds: organisation.funds, health }) }
  }
}

function answerOf({ policy, warnings }: PolicyOutcome): PolicyAnswer {
  return { data: policyRow(policy), warnings }
}

/** A wide policy is changed only by members who may attach one there. */
function refusingTheNarrow(person: Person): () => void {
  return () => refuseRole(person, 'policies:attach-widely')
}
