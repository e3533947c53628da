import { Body, Controller, Inject, Param, Query } from '@nestjs/common'
import {
  ProviderKeyChange,
  ProviderKeyCreate,
  ProviderKeyListQuery,
  SecretReplace,
  CONSEQUENCE_MODELS_MAX,
  type FailingKeys,
  type KeyConsequence,
  type OwnDeleted,
  type OwnTestAnswer,
  type ProviderKey,
  type ProviderKeyAnswer,
  type ProviderKeyList,
} from '@turnpike/contract'
import { asReal, shownName, type TenantId } from '@turnpike/domain'
import { keyNames, type OwnCredentialSummary } from '@turnpike/store'
import { Control } from '../control.ts'
import { pageIn } from '../page.ts'
import { parse } from '../parse.ts'
import { parseSuggesting } from '../policies/problems.ts'
import { Delete, Get, Patch, Person, Post, Put } from '../routes.decorator.ts'
import { providerKeys, ProviderKeys } from './provider-keys.ts'
import { providerKeyRow, testAnswer } from './rows.ts'

/** A secret comes in and is never shown again. */
@Controller('console/v1/provider-keys')
export class ProviderKeysController {
  readonly #keys: ProviderKeys

  constructor(@Inject(Control) private readonly control: Control) {
    this.#keys = new ProviderKeys(control, { models: 'models', keys: 'keys' })
  }

  @Get('provider-keys:read')
  async list(@Query() query: unknown, @Person() { tenantId }: Person): Promise<ProviderKeyList> {
    const { limit, cursor, provider } = parse(ProviderKeyListQuery, query)
    const all = await this.#keys.list(tenantId, provider)
    const sorted = all.toSorted((a, b) => (a.provider < b.provider ? -1 : a.provider > b.provider ? 1 : 0))
    const page = pageIn(sorted, limit, cursor)
    return { ...page, data: await this.#rows(tenantId, page.data) }
  }

  @Get('provider-keys:read', 'failing')
  async failing(@Person() { tenantId }: Person): Promise<FailingKeys> {
    const failing = await this.#keys.failing(tenantId)
    const { providers } = await this.control.catalogue()
    return {
      data: failing.map(({ key: { id, name, provider, creditFallback }, sinceMs, requests }) => {
        const at = providers.get(provider)
        const providerName = at ? shownName(asReal(at)) : provider
        return { id, name, providerName, creditFallback, since: new Date(sinceMs).toISOString(), requests }
      }),
    }
  }

  @Get('provider-keys:read', ':id/consequence')
  async consequence(@Param('id') id: string, @Person() person: Person): Promise<KeyConsequence> {
    const { requests, models } = await this.#keys.consequence(person, id)
    return { data: { requests, models: models.slice(0, CONSEQUENCE_MODELS_MAX) } }
  }

  @Get('provider-keys:read', ':id')
  async one(@Param('id') id: string, @Person() person: Person): Promise<ProviderKeyAnswer> {
    return this.#answer(person, await this.#keys.find(person.tenantId, id))
  }

  @Post('provider-keys:update', '', 201)
  async create(@Body() body: unknown, @Person() person: Person): Promise<ProviderKeyAnswer> {
    return this.#answer(person, await this.#keys.create(person, parseSuggesting(ProviderKeyCreate, body)))
  }

  @Patch('provider-keys:update', ':id')
  async change(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<ProviderKeyAnswer> {
    const before = await this.#keys.find(person.tenantId, id)
    return this.#answer(person, await this.#keys.change(person, before, parseSuggesting(ProviderKeyChange, body)))
  }

  @Put('provider-keys:update', ':id/secret')
  async replace(@Param('id') id: string, @Body() body: unknown, @Person() person: Person): Promise<ProviderKeyAnswer> {
    const before = await this.#keys.find(person.tenantId, id)
    return this.#answer(person, await this.#keys.update(person, before.id, parseSuggesting(SecretReplace, body)))
  }

  @Delete('provider-keys:update', ':id')
  async remove(@Param('id') id: string, @Person() person: Person): Promise<OwnDeleted> {
    await this.#keys.remove(person, id)
    return { deleted: true }
  }

  @Post('provider-keys:update', ':id/test')
  async test(@Param('id') id: string, @Person() person: Person): Promise<OwnTestAnswer> {
    return testAnswer(await this.#keys.test(person, id))
  }

  async #answer({ tenantId }: Person, summary: OwnCredentialSummary): Promise<ProviderKeyAnswer> {
    const [data] = await this.#rows(tenantId, [summary])
    return { data: providerKeys.known(data ?? null) }
  }

  async #rows(tenantId: TenantId, summaries: readonly OwnCredentialSummary[]): Promise<ProviderKey[]> {
    const ids = new Set(summaries.flatMap(({ keys }) => keys ?? []))
    const names = await keyNames(this.control.prisma, tenantId, [...ids])
    const catalogue = await this.control.catalogue()
    return summaries.map((summary) => providerKeyRow(summary, catalogue, names))
  }
}
