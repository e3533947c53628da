import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
import {
  ManagedPolicyCreate,
  ManagedPolicyListQuery,
  ManagedPolicyPatch,
  ManagedPolicyRollback,
  ManagedPolicySave,
  type ManagedPolicy,
  type ManagedPolicyAnswer,
  type ManagedPolicyDeleted,
  type ManagedPolicyList,
  type ManagedPolicyVersion,
  type ManagedPolicyVersionList,
} from '@turnpike/contract'
import { listPolicies, listPolicyVersions, type PolicySummary, type SavedVersion } from '@turnpike/store'
import { Control } from '../control.ts'
import { parseNaming } from '../parse.ts'
import { archive, changePolicy, makePolicy, policyOf, rollBack, type PolicyOutcome } from '../policies/changes.ts'
import { policies } from '../policies/policy-row.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { Caller, Delete, Get, Patch, Post } from '../routes.decorator.ts'

/** Policies by program. PATCH /api/v1/keys/{hash} attaches them. */
@Controller('api/v1/policies')
export class ManagedPoliciesController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('management')
  async list(@Query() query: unknown, @Caller() { tenantId }: Caller): Promise<ManagedPolicyList> {
    const wanted = parseNaming(ManagedPolicyListQuery, query)
    const page = await listPolicies(this.control.prisma, tenantId, { ...wanted, cursor: null })
    return { data: page.policies.map(policyRow), total_count: page.total }
  }

  @Get('management', ':id')
  async one(@Param('id') id: string, @Caller() caller: Caller): Promise<ManagedPolicyAnswer> {
    return answerOf(await policyOf(this.control, caller, policies.idOf(id)))
  }

  @Post('management', '', 201)
  async create(@Body() body: unknown, @Caller() caller: Caller): Promise<ManagedPolicyAnswer> {
    return answerOf(await makePolicy(this.control, caller, parseSuggesting(ManagedPolicyCreate, body)))
  }

  @Patch('management', ':id')
  async change(@Param('id') id: string, @Body() body: unknown, @Caller() caller: Caller): Promise<ManagedPolicyAnswer> {
    const known = policies.idOf(id)
    const { name, document, based_on = null } = parseSuggesting(ManagedPolicyPatch, body)
    const wanted = {
      ...(name !== undefined && { name }),
      ...(document && { document }),
      basedOn: based_on,
      onWide: allowed,
    }
    return answerOf(await changePolicy(this.control, caller, known, wanted))
  }

  @Delete('management', ':id')
  async archive(@Param('id') id: string, @Caller() caller: Caller): Promise<ManagedPolicyDeleted> {
    await archive(this.control, caller, policies.idOf(id))
    return { deleted: true }
  }

  @Get('management', ':id/versions')
  async versions(
    @Param('id') id: string,
    @Query() query: unknown,
    @Caller() { tenantId }: Caller,
  ): Promise<ManagedPolicyVersionList> {
    const known = policies.idOf(id)
    const wanted = { ...parseNaming(ManagedPolicyListQuery, query), before: null }
    const page = policies.known(await listPolicyVersions(this.control.prisma, tenantId, known, wanted))
    return { data: page.versions.map(versionRow), total_count: page.total }
  }

  @Post('management', ':id/versions')
  async save(@Param('id') id: string, @Body() body: unknown, @Caller() caller: Caller): Promise<ManagedPolicyAnswer> {
    const known = policies.idOf(id)
    const { document, based_on = null } = parseSuggesting(ManagedPolicySave, body)
    const wanted = { document, basedOn: based_on, onWide: allowed }
    return answerOf(await changePolicy(this.control, caller, known, wanted))
  }

  @Post('management', ':id/rollback')
  async rollBack(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Caller,
  ): Promise<ManagedPolicyAnswer> {
    const known = policies.idOf(id)
    const { version, based_on = null } = parseSuggesting(ManagedPolicyRollback, body)
    const wanted = { version, basedOn: based_on, onWide: allowed }
    return answerOf(await rollBack(this.control, caller, known, wanted))
  }
}

function answerOf({ policy, warnings }: PolicyOutcome): ManagedPolicyAnswer {
  return { data: policyRow(policy), warnings }
}

/** A management key is made by an owner or admin, who may change policies of everybody's keys. */
function allowed(): void {}

function policyRow({ document, createdAt, changedAt, attached, ...policy }: PolicySummary): ManagedPolicy {
  return {
    ...policy,
    document: document as ManagedPolicy['document'],
    attached: {
      ...attached,
      workspaces: [...attached.workspaces],
      keys: attached.keys.map(({ id, name }) => ({ hash: id, name })),
    },
    created_at: createdAt.toISOString(),
    updated_at: changedAt.toISOString(),
  }
}

function versionRow({ document, createdAt, ...version }: SavedVersion): ManagedPolicyVersion {
  return {
    ...version,
    document: document as ManagedPolicyVersion['document'],
    created_at: createdAt.toISOString(),
  }
}
