import {
  addressOf,
  destinationOf,
  Fault,
  asReal,
  shownName,
  type Catalogue,
  type OwnCredential,
  type OwnEndpoint,
  type TenantId,
} from '@turnpike/domain'
import { adapterFor, adapterOf } from '@turnpike/providers'
import { Egress, type EgressAllow } from '@turnpike/server'
import {
  noteOwnTest,
  openOwnSecret,
  readOwnCredential,
  readOwnEndpoint,
  SecretUnopened,
  type KeyEncryptionKeys,
  type PrismaClient,
} from '@turnpike/store'
import type { OwnLimits } from './limits.ts'
import { testCredential, type TestOutcome, type CredentialTest } from './test-credential.ts'

interface TestRunsOptions {
  readonly prisma: PrismaClient
  /** Null: no secret can be opened here. */
  readonly keks: KeyEncryptionKeys | null
  readonly catalogue: () => Promise<Catalogue>
  readonly limits: OwnLimits
  /** Private addresses that tenants' endpoints may have. */
  readonly allow: EgressAllow
  /** Where simulated providers answer; undefined: nowhere. */
  readonly simulatorUrl: string | undefined
}

export interface TestRun extends TestOutcome {
  readonly at: Date
  /** Version of the secret that was tested. */
  readonly version: number
}

/** Test calls are rare and short. */
const OUTSIDE = { connectTimeoutMs: 2_000, connectionsMax: 4 }

/** Test calls of stored secrets, never of one in a request. Tenants' addresses are called through the restricted egress. */
export class TestRuns {
  readonly #options: TestRunsOptions
  readonly #toProviders = new Egress(OUTSIDE)
  readonly #toTenants: Egress

  constructor(options: TestRunsOptions) {
    this.#options = options
    this.#toTenants = new Egress({ ...OUTSIDE, restricted: { allow: options.allow } })
  }

  /** Null when the organisation has no such key. Throws Fault `rate_limited`, or `conflict` when it has nowhere to go. */
  async ofKey(tenantId: TenantId, id: string, nowMs: number): Promise<TestRun | null> {
    const own = await readOwnCredential(this.#options.prisma, tenantId, id)
    if (!own) return null
    const { name, baseUrl, adapter } = await this.#providerOf(own)
    return this.#try(tenantId, own, { egress: this.#toProviders, adapter, baseUrl, kind: 'provider', name }, nowMs)
  }

  /** Null when the organisation has no such endpoint. Throws Fault `rate_limited`. */
  async ofEndpoint(tenantId: TenantId, id: string, nowMs: number): Promise<TestRun | null> {
    const own = await readOwnEndpoint(this.#options.prisma, tenantId, id)
    if (!own) return null
    const { name, baseUrl, dialect } = own.provider
    const adapter = adapterFor(dialect)
    return this.#try(tenantId, own, { egress: this.#toTenants, adapter, baseUrl, kind: 'endpoint', name }, nowMs)
  }

  async close(): Promise<void> {
    await Promise.all([this.#toProviders.close(), this.#toTenants.close()])
  }

  async #try(
    tenantId: TenantId,
    own: OwnCredential | OwnEndpoint,
    test: Omit<CredentialTest, 'secret'>,
    nowMs: number,
  ): Promise<TestRun> {
    const { limits, prisma, keks } = this.#options
    await limits.takeTest(tenantId)
    const found = await testCredential({ ...test, secret: opened(keks, tenantId, own) ?? '' })
    const { result, status } = found
    await noteOwnTest(prisma, tenantId, own.id, { result, status, secretVersion: own.version, atMs: nowMs })
    return { ...found, at: new Date(nowMs), version: own.version }
  }

  async #providerOf({ provider, boundTo }: OwnCredential) {
    const listed = (await this.#options.catalogue()).providers.get(provider)
    if (!listed) throw new Fault('conflict', 'This provider is not in the catalogue any more.')
    const at = asReal(listed)
    const name = shownName(at)
    if (destinationOf(at) !== boundTo) {
      throw new Fault(
        'conflict',
        `${name} has another address than when this key was stored. Replace the key’s secret to use it there.`,
      )
    }
    const baseUrl = addressOf(at, this.#options.simulatorUrl)
    if (baseUrl === null) throw new Fault('conflict', 'Simulated providers are not served here.')
    return { name, adapter: adapterOf(at), baseUrl }
  }
}

/** Throws Fault `store_unavailable` without the key for it, `conflict` when no key opens it. */
function opened(keks: KeyEncryptionKeys | null, tenantId: TenantId, own: OwnCredential | OwnEndpoint): string | null {
  try {
    return openOwnSecret(keks, tenantId, own)
  } catch (error) {
    if (!(error instanceof SecretUnopened)) throw error
    const detail = { kek: error.kek, why: error.why }
    throw error.why === 'kek_missing'
      ? new Fault('store_unavailable', 'Stored secrets cannot be opened here: CREDENTIAL_SECRETS lacks a key.', {
          detail,
        })
      : new Fault('conflict', 'This secret cannot be opened any more. Replace it.', { detail })
  }
}
