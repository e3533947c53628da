import { Body, Controller, Inject, Param } from '@nestjs/common'
import {
  CataloguePublish,
  Nothing,
  type CatalogueDraftAnswer,
  type CatalogueDraftList,
  type CatalogueDraftRow,
  type CataloguePublished,
} from '@turnpike/contract'
import { addJob, discardDraft, findDraft, listDrafts, publishDraft, type DraftSummary } from '@turnpike/store'
import { Control } from '../control.ts'
import { objectsOf, parse } from '../parse.ts'
import { Get, Person, Post } from '../routes.decorator.ts'

const { idOf, known, unknown } = objectsOf('draft of the catalogue')

/** For members of the operator's organisation; others find nothing here. */
@Controller('console/v1/catalogue')
export class CatalogueDraftsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('organisation:read', 'drafts')
  async list(@Person() person: Person): Promise<CatalogueDraftList> {
    refuseTenants(person)
    return { data: (await listDrafts(this.control.pool)).map(rowOf) }
  }

  @Get('organisation:read', 'drafts/:id')
  async one(@Param('id') id: string, @Person() person: Person): Promise<CatalogueDraftAnswer> {
    refuseTenants(person)
    const draft = known(await findDraft(this.control.pool, idOf(id)))
    return { data: { ...rowOf(draft), changes: [...draft.changes] } }
  }

  /** Has the worker read the price list now rather than tonight. */
  @Post('organisation:update', 'imports', 202)
  async import(@Body() body: unknown, @Person() person: Person): Promise<void> {
    refuseTenants(person)
    parse(Nothing, body)
    await this.control.prisma.$transaction((transaction) => addJob(transaction, 'import-catalogue', {}))
  }

  @Post('organisation:update', 'drafts/:id/publish')
  async publish(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<CataloguePublished> {
    refuseTenants(person)
    const { confirm } = parse(CataloguePublish, body)
    const { held, ...published } = await publishDraft(this.control.pool, idOf(id), confirm, person.userId)
    return { data: { ...published, held: [...held] } }
  }

  @Post('organisation:update', 'drafts/:id/discard', 204)
  async discard(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<void> {
    refuseTenants(person)
    parse(Nothing, body)
    await discardDraft(this.control.pool, idOf(id), person.userId)
  }
}

function refuseTenants({ organisation }: Person): void {
  if (organisation.funds !== 'operator') throw unknown()
}

function rowOf({ madeAt, closedAt, ...draft }: DraftSummary): CatalogueDraftRow {
  return { ...draft, madeAt: madeAt.toISOString(), closedAt: closedAt?.toISOString() ?? null }
}
