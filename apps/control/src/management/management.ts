import { Fault, type Caller, type KeyId } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import {
  authenticate,
  forgetRevocations,
  isStoreUnavailable,
  openKeyPath,
  publishRevocations,
  type Author,
  type PresentedKey,
  type KeyPath,
  type KeySecrets,
  type KeySummary,
  type openRedis,
  type Revocation,
  type RevocationFile,
} from '@turnpike/store'
import type { ControlConfig } from '../config.ts'
import { PendingRevocations } from './pending-revocations.ts'

/** A database slower than this counts as away: gateways shall refuse the key within three seconds of the question. */
const REVOKE_MS_MAX = 800

interface ManagementOptions {
  readonly config: ControlConfig
  readonly secrets: KeySecrets
  /** Those that the database agrees with: no key is refused by a secret that is not the one it was made with. */
  readonly trusted: () => KeySecrets
  /** Without Redis or a file nothing is revoked while Postgres is away. */
  readonly redis: ReturnType<typeof openRedis> | null
  readonly file: RevocationFile | null
  /** In Postgres; null when the organisation has no such key. */
  readonly revoke: (author: Author, revocation: Revocation) => Promise<KeySummary | null>
  readonly log: Logger
}

/** Who may manage keys, and a revoke that holds while Postgres is away. */
export class Management {
  readonly #options: ManagementOptions
  readonly #path: KeyPath
  readonly #pending: PendingRevocations | null

  constructor(options: ManagementOptions) {
    this.#options = options
    this.#path = openPath(options)
    this.#pending = openPending(options, this.#path)
    void this.#pending?.start()
  }

  /** Revocations that wait for Postgres. */
  get pendingCount(): number {
    return this.#pending?.count ?? 0
  }

  /** Throws 401 for an invalid key, 403 for another kind, 503 while no store can answer. */
  async identify(credentials: PresentedKey): Promise<Caller> {
    const { keys } = this.#path
    const caller = await authenticate(credentials, {
      secrets: this.#options.trusted(),
      find: (digest) => keys.lookup(digest),
      nowMs: keys.wallMs(),
      prefixes: 'tp_mgmt_',
    })
    if (caller.kind !== 'mgmt') {
      throw new Fault(
        'key_kind_wrong',
        'Only management keys (tp_mgmt_) can manage keys. An owner or admin makes one in the console.',
      )
    }
    return caller
  }

  /**
   * For good. `pending`: Postgres is away; the revocation is on this disk and published, and reaches Postgres later.
   * Throws Fault `object_unknown` when the organisation has no such key, `store_unavailable` when no store accepts it.
   */
  async revoke(author: Author, keyId: KeyId, nowMs: number): Promise<'revoked' | 'pending'> {
    const revocation = { tenantId: author.tenantId, keyId, atMs: nowMs }
    try {
      const revoked = await within(REVOKE_MS_MAX, this.#options.revoke(author, revocation))
      if (!revoked) throw new Fault('object_unknown', 'There is no such key.')
      return 'revoked'
    } catch (error) {
      if (!this.#pending || !(error instanceof Late || isStoreUnavailable(error))) throw error
      await this.#pending.accept(revocation)
      return 'pending'
    }
  }

  async close(): Promise<void> {
    await this.#pending?.close()
    await this.#path.close()
  }
}

function openPath({ config, secrets, log }: ManagementOptions): KeyPath {
  return openKeyPath({
    secrets,
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    applicationName: 'turnpike control keys',
    onStore: (store, state, trouble) => {
      if (state === 'open') log.warn({ store, state, trouble }, 'the breaker of a store is open')
      else log.warn({ store, state }, 'the breaker of a store is closed again')
    },
    onChannel: (channel, isReceived) => {
      if (isReceived) log.info({ channel }, 'changes of keys are received again')
      else log.warn({ channel }, 'changes of keys are not received on this channel')
    },
  })
}

function openPending(
  { file, redis, secrets, revoke, log }: ManagementOptions,
  path: KeyPath,
): PendingRevocations | null {
  if (!file || !redis) return null
  const lines = file.unreadable
  if (lines > 0) log.error({ lines }, 'the file of pending revocations holds lines that are not sealed by our secrets')
  return new PendingRevocations({
    file,
    log,
    deny: (revocation) => path.keys.deny(revocation),
    publish: (revocations) => publishRevocations(redis, secrets, revocations),
    forget: (revocations) => forgetRevocations(redis, revocations),
    async carryOut(revocation) {
      // Who asked for it is not in the file.
      await revoke({ tenantId: revocation.tenantId, userId: null }, revocation)
    },
  })
}

class Late extends Error {}

/** Rejects with Late when the work takes longer; its result is then ignored. */
function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Late('the database did not answer in time')), timeoutMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
