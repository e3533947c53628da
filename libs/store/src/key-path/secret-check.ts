import { randomUUID } from 'node:crypto'
import { Fault } from '@turnpike/domain'
import { repeat, SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import { fingerprintOf, fingerprints, type KeySecret, type KeySecrets } from './seal.ts'
import type { Pool } from '../connections/pools.ts'
import type { Transaction } from '../connections/prisma.ts'

/** How the server secrets of this process stand to what the database knows. Ids, never contents. */
export interface KeySecretState {
  /** False until the database has answered once. Its last answer stays in force while it is away. */
  readonly checked: boolean
  /** Another process made keys with other bytes under the same id. */
  readonly differing: readonly number[]
  /** Live keys, neither revoked nor expired, were signed with secrets that this process does not hold. */
  readonly missing: readonly { readonly secretId: number; readonly liveKeys: number }[]
}

interface KeySecretWatchOptions {
  readonly pool: Pool
  readonly secrets: KeySecrets
  /** As the operator calls this process. */
  readonly node: string
  /** Called with each change of the state. */
  readonly onChange: (state: KeySecretState) => void
  readonly clock?: Clock
}

export interface KeySecretWatch {
  /** Settles after the first question, answered or not. */
  readonly tried: Promise<void>
  state(): KeySecretState
  /** The secrets without those that differ: that a key of such a one cannot be checked is no proof against it. */
  trusted(): KeySecrets
  /** Ends the announcements and, when the database answers, takes this process from the list. */
  close(): Promise<void>
}

const AGREED_MS = 30_000
const TROUBLED_MS = 2_000
/** A process that was not seen for longer does not hold up a new secret; it may miss two rounds before. */
const HELD_S_MAX = 90

const UNCHECKED: KeySecretState = { checked: false, differing: [], missing: [] }

/**
 * Reports to the database twice a minute which secrets this process holds, and learns what is wrong with them. A process in trouble, which
 * must not be sent keys, asks every two seconds and recovers by itself.
 */
export function watchKeySecrets(options: KeySecretWatchOptions): KeySecretWatch {
  const { pool, secrets, node, onChange, clock = SYSTEM_CLOCK } = options
  const holder = randomUUID()
  let state = UNCHECKED
  let trusted = secrets
  let answered = false
  const round = async () => {
    try {
      const now = await reportKeySecrets(pool, secrets, { holder, node })
      answered = true
      if (JSON.stringify(state) !== JSON.stringify(now)) {
        state = now
        trusted = without(secrets, now.differing)
        onChange(now)
      }
    } catch {
      // What was known stays in force. Those who wait for the database report that it is away.
      answered = false
    }
  }
  const pauseMs = () => {
    const settled = answered && state.differing.length === 0 && state.missing.length === 0
    return settled ? AGREED_MS : TROUBLED_MS
  }
  const tried = round()
  const end = repeat(clock, pauseMs, round, tried)
  return {
    tried,
    state: () => state,
    trusted: () => trusted,
    async close() {
      await end()
      // A database that is away forgets this process by itself within 90 seconds.
      if (answered) await pool.query('SELECT withdraw_key_secrets($1)', [holder]).catch(() => undefined)
    },
  }
}

/** Only a process without trouble becomes a holder and makes fingerprints of new secrets known. */
export async function reportKeySecrets(
  pool: Pool,
  secrets: KeySecrets | null,
  { holder, node }: { readonly holder: string; readonly node: string },
): Promise<KeySecretState> {
  const prints = secrets ? fingerprints(secrets) : []
  const ids = prints.map(({ secretId }) => secretId)
  const { rows } = await pool.query<{ secret_id: number; trouble: 'differs' | 'missing'; live_keys: string }>(
    'SELECT secret_id, trouble, live_keys::text FROM announce_key_secrets($1, $2, $3, $4) ORDER BY secret_id',
    [holder, node, ids, prints.map(({ fingerprint }) => fingerprint)],
  )
  return {
    checked: true,
    differing: rows.filter(({ trouble }) => trouble === 'differs').map(({ secret_id }) => secret_id),
    missing: rows
      .filter(({ trouble }) => trouble === 'missing')
      .map(({ secret_id, live_keys }) => ({ secretId: secret_id, liveKeys: Number(live_keys) })),
  }
}

/** What is wrong, for a page that says whether a process is ready: a code for programs, then a sentence for people. */
export function secretTroubles({ differing, missing }: KeySecretState): string[] {
  return [
    ...differing.map(
      (id) => `secret_differs: Key secret ${id} of this process is not the one that the database knows by that id.`,
    ),
    ...missing.map(({ secretId, liveKeys }) => {
      const need = liveKeys === 1 ? '1 key in force needs' : `${liveKeys} keys in force need`
      return `secret_missing: Key secret ${secretId} is missing here, and ${need} it.`
    }),
  ]
}

/** Compares secrets with the database once. @param secrets null: none yet, so that every key in force lacks its own */
export async function compareKeySecrets(pool: Pool, secrets: KeySecrets | null): Promise<KeySecretState> {
  const process = { holder: randomUUID(), node: 'start' }
  try {
    return await reportKeySecrets(pool, secrets, process)
  } finally {
    await pool.query('SELECT withdraw_key_secrets($1)', [process.holder])
  }
}

/** The signing secret stays: who signs asks `signingWith`, which passes over one that differs. */
function without(secrets: KeySecrets, ids: readonly number[]): KeySecrets {
  if (ids.length === 0) return secrets
  return { ...secrets, byId: new Map([...secrets.byId].filter(([id]) => !ids.includes(id))) }
}

/**
 * The secrets with the one to sign a new key with: the first in the order of the settings that every process which checks keys holds, and
 * whose bytes the database knows by that id. Holds off new processes until the commit: none starts without the secret of a key being made.
 * @throws Fault `store_unavailable` when there is no such secret
 */
export async function signingWith(transaction: Transaction, secrets: KeySecrets): Promise<KeySecrets> {
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtext('turnpike.key_secrets'))`
  const holders = await transaction.$queryRaw<{ secret_ids: number[] }[]>`
    SELECT secret_ids FROM key_secret_holders WHERE seen_at > now() - make_interval(secs => ${HELD_S_MAX})`
  const held = holders.map(({ secret_ids }) => secret_ids)
  for (const signing of heldByAll(secrets, held)) {
    if (await isAgreed(transaction, signing)) return { ...secrets, signing }
  }
  throw new Fault(
    'store_unavailable',
    'New keys cannot be made just now: not every server holds a secret to check them with. Please retry in a minute.',
    { retryAfterMs: AGREED_MS, detail: { configured: [...secrets.byId.keys()] } },
  )
}

/** In the order of the settings; all secrets when no process checks keys yet. */
export function heldByAll(secrets: KeySecrets, holders: readonly (readonly number[])[]): KeySecret[] {
  return [...secrets.byId.values()].filter(({ id }) => holders.every((held) => held.includes(id)))
}

/** Stores the secret's fingerprint if no process did before; false when its id has another fingerprint. */
async function isAgreed(transaction: Transaction, secret: KeySecret): Promise<boolean> {
  const own = fingerprintOf(secret)
  const id = { purpose: 'key', secretId: secret.id }
  await transaction.secretFingerprint.createMany({
    data: [{ ...id, fingerprint: Uint8Array.from(own) }],
    skipDuplicates: true,
  })
  const known = await transaction.secretFingerprint.findUnique({ where: { purpose_secretId: id } })
  return known !== null && own.equals(known.fingerprint)
}
