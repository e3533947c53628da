import { Body, Controller, Delete, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import {
  WhatIfCreate,
  WhatIfListQuery,
  type WhatIfAnswer,
  type WhatIfList,
  type WhatIfStarted,
} from '@turnpike/contract'
import { Fault, type KeyId, type PolicyId } from '@turnpike/domain'
import { cancelWhatIf, createWhatIf, findWhatIf, listWhatIfs, readOwn } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'
import { parse } from '../parse.ts'
import { refuseInvalid } from '../policies/unsatisfiable.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { detailRow, runRow } from './what-if-row.ts'

/** Policies tried out on recorded requests. The work is the worker's; no model is called. */
@Controller('console/v1/what-if')
export class WhatIfController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'policies:read' })
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<WhatIfList> {
    const { limit, cursor } = parse(WhatIfListQuery, query)
    const options = { limit, cursor: cursor ?? null }
    const { runs, nextCursor } = await listWhatIfs(this.control.prisma, signedInOf(request).tenantId, options)
    return { data: runs.map(runRow), hasMore: nextCursor !== null, nextCursor }
  }

  @Get(':id')
  @RouteConfig({ access: 'policies:read' })
  async one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<WhatIfAnswer> {
    return { data: detailRow(known(await findWhatIf(this.control.prisma, signedInOf(request).tenantId, idOf(id)))) }
  }

  @Post()
  @RouteConfig({ access: 'policies:update' })
  async start(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { document, policyId, version, from, to, keyId } = parseSuggesting(WhatIfCreate, body)
    if (Date.parse(to) > Date.now()) throw notYet()
    const { tenantId, userId } = signedInOf(request)
    if (document) {
      refuseInvalid(document, await this.control.catalogue(), await readOwn(this.control.pool, tenantId))
    }
    const run = await createWhatIf(
      this.control.prisma,
      { tenantId, userId },
      {
        policyId: (policyId as PolicyId | undefined) ?? null,
        policyVersion: version ?? null,
        document: document ?? null,
        keyId: (keyId as KeyId | undefined) ?? null,
        from: new Date(from),
        to: new Date(to),
      },
    )
    const answer: WhatIfStarted = { data: runRow(run) }
    void reply.code(202).send(answer)
  }

  @Delete(':id')
  @RouteConfig({ access: 'policies:update' })
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest): Promise<WhatIfStarted> {
    return { data: runRow(known(await cancelWhatIf(this.control.prisma, signedInOf(request).tenantId, idOf(id)))) }
  }
}

/** What is no id at all is the id of no run. */
function idOf(text: string): string {
  if (z.uuid().safeParse(text).success) return text
  throw noSuchRun()
}

function noSuchRun(): Fault {
  return new Fault('object_unknown', 'There is no such what-if. They are kept for 30 days.')
}

/** Another organisation's run and one that never was are answered alike. */
function known<Run>(run: Run | null): Run {
  if (!run) throw noSuchRun()
  return run
}

function notYet(): Fault {
  const message = 'Must not be in the future: only what happened can be tried again.'
  return new Fault('request_invalid', `to: ${message}`, { param: 'to', fields: { to: message } })
}
