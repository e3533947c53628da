import { Fault, type ModelSlug, type TenantId } from '@turnpike/domain'
import {
  createOwnCredential,
  findOwnCredential,
  listOwnCredentials,
  refusedUses,
  removeOwnCredential,
  requestsByModel,
  updateOwnCredential,
  type Author,
  type NewOwnCredential,
  type OwnCredentialPatch,
  type OwnCredentialSummary,
  type RefusedUse,
} from '@turnpike/store'
import type { Control } from '../control.ts'
import { objectsOf } from '../parse.ts'
import type { TestRun } from './test-runs.ts'
import { refuseUnknownNames, type FieldNames, type Names } from './check-names.ts'

export const providerKeys = objectsOf('provider key')
const { idOf, known } = providerKeys

/**
 * Results of a test with which a secret is used. `unknown`: the provider offers no test that could pass, such as one that shows its
 * models to anybody.
 */
const PASSED: readonly TestRun['result'][] = ['ok', 'unknown']

/** What sets the state of a key. */
interface Activation {
  /** Uses it though no test has passed. */
  readonly force?: true | undefined
}

/**
 * For the console and for programs: the same checks, each with its own words. A new secret is not used until a test passes, which is
 * made at once, or until it is activated by force.
 */
export class ProviderKeys {
  constructor(
    private readonly control: Control,
    private readonly fields: FieldNames,
  ) {}

  /** @param provider undefined: of all */
  async list(tenantId: TenantId, provider: string | undefined): Promise<readonly OwnCredentialSummary[]> {
    const all = await listOwnCredentials(this.control.prisma, tenantId)
    return provider === undefined ? all : all.filter((one) => one.provider === provider)
  }

  async find(tenantId: TenantId, id: string): Promise<OwnCredentialSummary> {
    return known(await findOwnCredential(this.control.prisma, tenantId, idOf(id)))
  }

  async create(
    author: Author,
    { force, ...wanted }: Omit<NewOwnCredential, 'provider' | 'models' | 'keys'> & Names & Activation,
  ): Promise<OwnCredentialSummary> {
    const { prisma, credentialSecrets, ownLimits } = this.control
    const names = await refuseUnknownNames(this.control, author.tenantId, wanted, this.fields)
    await ownLimits.takeSecret(author.tenantId)
    const creating = createOwnCredential(prisma, credentialSecrets, author, { ...wanted, ...names, awaitsTest: !force })
    return this.#tested(author, await this.control.published(creating))
  }

  /** @param patch what is left out stays */
  async change(
    author: Author,
    { id, provider }: OwnCredentialSummary,
    {
      models,
      keys,
      ...rest
    }: Omit<OwnCredentialPatch, 'models' | 'keys'> & {
      [Name in 'models' | 'keys']?: Names[Name] | undefined
    } & Activation,
  ): Promise<OwnCredentialSummary> {
    const wanted = { provider, models: models ?? null, keys: keys ?? null }
    const names = await refuseUnknownNames(this.control, author.tenantId, wanted, this.fields)
    return this.update(author, id, {
      ...rest,
      ...(models !== undefined && { models: names.models }),
      ...(keys !== undefined && { keys: names.keys }),
    })
  }

  /** Changes what names no model and no API key. */
  async update(
    author: Author,
    id: string,
    { force, ...patch }: OwnCredentialPatch & Activation,
  ): Promise<OwnCredentialSummary> {
    const { prisma, credentialSecrets, ownLimits } = this.control
    if (patch.secret !== undefined) await ownLimits.takeSecret(author.tenantId)
    const updating = updateOwnCredential(prisma, credentialSecrets, author, id, {
      ...patch,
      ...(patch.secret !== undefined && { awaitsTest: true }),
      ...(force && { awaitsTest: false, disabled: false }),
    })
    const updated = known(await this.control.published(updating))
    const isWanted = patch.secret !== undefined || patch.disabled === false
    return isWanted ? this.#tested(author, updated) : updated
  }

  /** Tests the stored secret, and uses it from then on if that passes. Throws as `TestRuns.ofKey` does. */
  async test(author: Author, id: string): Promise<TestRun> {
    const run = known(await this.control.testRuns.ofKey(author.tenantId, idOf(id), Date.now()))
    const { awaitsTest } = await this.find(author.tenantId, id)
    if (awaitsTest && PASSED.includes(run.result)) {
      await this.update(author, id, { awaitsTest: false, testedVersion: run.version })
    }
    return run
  }

  /** The requests of the last day that would have gone to the key first, by model, whatever policies exclude. */
  async consequence({ tenantId }: Pick<Author, 'tenantId'>, id: string): Promise<Consequence> {
    const { provider, models, keys, placement } = await this.find(tenantId, id)
    const { endpointsOf } = await this.control.catalogue()
    const isServed = (slug: ModelSlug) => endpointsOf.get(slug)?.some((endpoint) => endpoint.provider === provider)
    const served = (models ?? [...endpointsOf.keys()]).filter(isServed)
    const filter = { models: served, keys, failedOnly: placement === 'fallback' }
    const rows = await requestsByModel(this.control.pool, tenantId, filter, Date.now())
    return { requests: rows.reduce((sum, { requests }) => sum + requests, 0), models: rows }
  }

  /** The keys in use that their provider refused at the last request. */
  async failing(tenantId: TenantId): Promise<readonly (RefusedUse & { readonly key: OwnCredentialSummary })[]> {
    const all = await listOwnCredentials(this.control.prisma, tenantId)
    const used = all.filter(({ disabledAt, awaitsTest }) => disabledAt === null && !awaitsTest)
    if (used.length === 0) return []
    const refused = await refusedUses(this.control.pool, tenantId, Date.now())
    return refused.flatMap((use) => {
      const key = used.find(({ id }) => id === use.credential)
      const isMended = key?.lastTest?.result === 'ok' && key.lastTest.testedAt.getTime() > use.lastMs
      return key && !isMended ? [{ ...use, key }] : []
    })
  }

  /** Tests a secret that waits for it. Where no test can be made now, it goes on waiting, as its summary says. */
  async #tested(author: Author, summary: OwnCredentialSummary): Promise<OwnCredentialSummary> {
    const { id, awaitsTest, disabledAt } = summary
    if (!awaitsTest || disabledAt !== null) return summary
    try {
      await this.test(author, id)
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
    }
    return this.find(author.tenantId, id)
  }

  async remove(author: Author, id: string): Promise<void> {
    known(await this.control.published(removeOwnCredential(this.control.prisma, author, idOf(id), Date.now())))
  }
}

/** What the last day's traffic says of a key that is to be used. */
interface Consequence {
  readonly requests: number
  readonly models: readonly { readonly model: string; readonly requests: number }[]
}
