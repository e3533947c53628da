import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
import {
  WhatIfCreate,
  WhatIfListQuery,
  type WhatIfAnswer,
  type WhatIfList,
  type WhatIfStarted,
} from '@turnpike/contract'
import type { KeyId, PolicyId } from '@turnpike/domain'
import { cancelWhatIf, createWhatIf, findWhatIf, listWhatIfs, readOwn } from '@turnpike/store'
import { Control } from '../control.ts'
import { pageOf } from '../page.ts'
import { objectsOf, parse } from '../parse.ts'
import { parseSuggesting, refusal } from '../policies/problems.ts'
import { refuseInvalid } from '../policies/unsatisfiable.ts'
import { Delete, Get, Person, Post } from '../routes.decorator.ts'
import { detailRow, runRow } from './what-if-row.ts'

const { idOf, known } = objectsOf('what-if. They are kept for 30 days')

/** Policies tried out on recorded requests. The work is the worker's; no model is called. */
@Controller('console/v1/what-if')
export class WhatIfController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('policies:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<WhatIfList> {
    const { limit, cursor = null } = parse(WhatIfListQuery, query)
    const { runs, nextCursor } = await listWhatIfs(this.control.prisma, tenantId, { limit, cursor })
    return pageOf(runs.map(runRow), nextCursor)
  }

  @Get('policies:read', ':id')
  async one(@Param('id') id: string, @Person() { tenantId }: Person): Promise<WhatIfAnswer> {
    return { data: detailRow(known(await findWhatIf(this.control.prisma, tenantId, idOf(id)))) }
  }

  @Post('policies:update', '', 202)
  async start(@Body() body: unknown, @Person() person: Person): Promise<WhatIfStarted> {
    const { document, policyId, version, from, to, keyId } = parseSuggesting(WhatIfCreate, body)
    if (Date.parse(to) > Date.now()) {
      throw refusal([{ path: ['to'], message: 'Must not be in the future: only what happened can be tried again.' }])
    }
    const { prisma, pool } = this.control
    if (document) refuseInvalid(document, await this.control.catalogue(), await readOwn(pool, person.tenantId))
    const run = await createWhatIf(prisma, person, {
      policyId: (policyId as PolicyId | undefined) ?? null,
      policyVersion: version ?? null,
      document: document ?? null,
      keyId: (keyId as KeyId | undefined) ?? null,
      from: new Date(from),
      to: new Date(to),
    })
    return { data: runRow(run) }
  }

  @Delete('policies:update', ':id')
  async cancel(@Param('id') id: string, @Person() { tenantId }: Person): Promise<WhatIfStarted> {
    return { data: runRow(known(await cancelWhatIf(this.control.prisma, tenantId, idOf(id)))) }
  }
}
