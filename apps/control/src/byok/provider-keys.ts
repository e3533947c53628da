import type { TenantId } from '@turnpike/domain'
import {
  createOwnCredential,
  findOwnCredential,
  listOwnCredentials,
  removeOwnCredential,
  updateOwnCredential,
  type Author,
  type NewOwnCredential,
  type OwnCredentialPatch,
  type OwnCredentialSummary,
} from '@turnpike/store'
import type { Control } from '../control.ts'
import { objectsOf } from '../parse.ts'
import { refuseUnknownNames, type FieldNames, type Names } from './check-names.ts'

export const providerKeys = objectsOf('provider key')
const { idOf, known } = providerKeys

/** For the console and for programs: the same checks, each with its own words. */
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
    wanted: Omit<NewOwnCredential, 'provider' | 'models' | 'keys'> & Names,
  ): Promise<OwnCredentialSummary> {
    const { prisma, credentialSecrets, ownLimits } = this.control
    const names = await refuseUnknownNames(this.control, author.tenantId, wanted, this.fields)
    await ownLimits.takeSecret(author.tenantId)
    const creating = createOwnCredential(prisma, credentialSecrets, author, { ...wanted, ...names })
    return this.control.published(creating)
  }

  /** @param patch what is left out stays */
  async change(
    author: Author,
    { id, provider }: OwnCredentialSummary,
    {
      models,
      keys,
      ...rest
    }: Omit<OwnCredentialPatch, 'models' | 'keys'> & { [Name in 'models' | 'keys']?: Names[Name] | undefined },
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
  async update(author: Author, id: string, patch: OwnCredentialPatch): Promise<OwnCredentialSummary> {
    const { prisma, credentialSecrets, ownLimits } = this.control
    if (patch.secret !== undefined) await ownLimits.takeSecret(author.tenantId)
    const updating = updateOwnCredential(prisma, credentialSecrets, author, id, patch)
    return known(await this.control.published(updating))
  }

  async remove(author: Author, id: string): Promise<void> {
    known(await this.control.published(removeOwnCredential(this.control.prisma, author, idOf(id), Date.now())))
  }
}
