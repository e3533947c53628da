import { destinationOf, Fault, type OwnCredential, type OwnEndpoint, type TenantId } from '@turnpike/domain'
import { openOwnSecret, SecretUnopened, type KeyEncryptionKeys } from '@turnpike/store'
import { LRUCache } from 'lru-cache'

/** How long a tenant's secret stays in memory in clear at most, milliseconds. */
const OPENED_MS_MAX = 60_000
/** Secrets in clear at once; opening another one takes microseconds. */
const OPENED_MAX = 1_000
/** Troubles that are reported; a line for each use would let one tenant fill the log. */
const REPORTED_MAX = 1_000

export interface OwnSecretsOptions {
  /** Null: this process has no key-encryption keys, and no secret can be opened. */
  readonly keks: KeyEncryptionKeys | null
  /** Called once for each missing key-encryption key, and once for each secret that was altered. */
  readonly onUnopened: (trouble: Pick<SecretUnopened, 'why' | 'kek'> & { readonly id: string }) => void
  /** Monotonic clock, milliseconds. */
  readonly nowMs?: () => number
}

/** Opens tenants' secrets when they are used, and keeps them for a minute. */
export class OwnSecrets {
  readonly #opened: LRUCache<string, string>
  readonly #reported = new Set<string>()
  #unopened = 0

  constructor(private readonly options: OwnSecretsOptions) {
    this.#opened = new LRUCache({
      max: OPENED_MAX,
      ttl: OPENED_MS_MAX,
      // Also those that are not used again.
      ttlAutopurge: true,
      ttlResolution: 0,
      ...(options.nowMs && { perf: { now: options.nowMs } }),
    })
  }

  /**
   * The secret in clear; empty where none is stored. Throws Fault `upstream_credential_refused` where it cannot be opened here, which is
   * not the tenant's fault: the next target may do.
   */
  open(tenantId: TenantId, own: OwnCredential | OwnEndpoint): string {
    const cacheKey = JSON.stringify([
      tenantId,
      own.id,
      own.version,
      'boundTo' in own ? own.boundTo : destinationOf(own.provider),
    ])
    const known = this.#opened.get(cacheKey)
    if (known !== undefined) return known
    try {
      const secret = openOwnSecret(this.options.keks, tenantId, own) ?? ''
      this.#opened.set(cacheKey, secret)
      return secret
    } catch (thrown) {
      if (!(thrown instanceof SecretUnopened)) throw thrown
      this.#unopened++
      this.#report(thrown, own.id)
      throw new Fault(
        'upstream_credential_refused',
        'This gateway cannot open a credential that your organisation has stored. Its operator has been informed.',
        {
          metadata: { credential: own.id, is_byok: true },
          detail: { opened: false, why: thrown.why, kek: thrown.kek },
        },
      )
    }
  }

  /** Uses of secrets that could not be opened, since the process began. */
  get unopened(): number {
    return this.#unopened
  }

  #report({ why, kek }: SecretUnopened, id: string): void {
    const trouble = why === 'kek_missing' ? `kek ${kek}` : id
    if (this.#reported.has(trouble) || this.#reported.size >= REPORTED_MAX) return
    this.#reported.add(trouble)
    this.options.onUnopened({ why, kek, id })
  }
}
