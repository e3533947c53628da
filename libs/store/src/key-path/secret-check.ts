import { randomUUID } from 'node:crypto'
import { Fault } from '@turnpike/domain'
import { SYSTEM_CLOCK, type Clock } from '../cache/clock.ts'
import { fingerprintOf, fingerprints, type KeySecret, type KeySecrets } from './seal.ts'
import type { Pool } from '../connections/pools.ts'
import type { Transaction } from '../connections/prisma.ts'

/** How the server secrets of this process stand to what the database knows. Ids, never contents. */
export interface KeySecretState {
  /** False until the database was asked once. What it said last stays in force while it is away. */
  readonly checked: boolean
  /** Another process made keys with other bytes under the same id. */
  readonly differing: readonly number[]
  /** Keys in force were signed with secrets that this process does not hold. */
  readonly missing: readonly MissingSecret[]
}

interface MissingSecret {
  readonly secretId: number
  /** Keys neither revoked nor expired. */
  readonly liveKeys: number
}

interface KeySecretWatchOptions {
  readonly pool: Pool
  readonly secrets: KeySecrets
  /** As the operator calls this process. */
  readonly node: string
  /** Called with each change of the state, not after each check. */
  readonly onChange: (state: KeySecretState) => void
  readonly clock?: Clock
}

export interface KeySecretWatch {
  /** Settles after the first question, whether it was answered or not. */
  readonly tried: Promise<void>
  state(): KeySecretState
  /** The secrets without those that differ: a key of such a one cannot be checked, which is no proof against it. */
  trusted(): KeySecrets
  /** Ends the announcements and, when the database answers, takes this process from the list. */
  close(): Promise<void>
}

/** A process that was not seen for longer than `HELD_S_MAX` does not hold up a new secret; it may miss two rounds before. */
const AGREED_MS = 30_000
const HELD_S_MAX = 90
/** Trouble ends soon after its cause does. */
const TROUBLED_MS = 2_000

const UNCHECKED: KeySecretState = { checked: false, differing: [], missing: [] }

/**
 * Reports to the database twice a minute which secrets this process holds, and learns what is wrong with them. A process in trouble
 * must not be sent keys; it is asked again every two seconds and recovers by itself.
 */
export function watchKeySecrets(options: KeySecretWatchOptions): KeySecretWatch {
  const { pool, secrets, node, onChange, clock = SYSTEM_CLOCK } = options
  const holder = randomUUID()
  let state = UNCHECKED
  let trusted = secrets
  let answered = false
  let closed = false
  let cancel = () => {}
  const round = async () => {
    try {
      const now = await reportKeySecrets(pool, secrets, { holder, node })
      answered = true
      if (!isSame(state, now)) {
        state = now
        trusted = without(secrets, now.differing)
        onChange(now)
      }
    } catch {
      // What was known stays in force. That the database is away is said by those who wait for it.
      answered = false
    }
    const settled = answered && state.differing.length === 0 && state.missing.length === 0
    if (!closed) cancel = clock.after(settled ? AGREED_MS : TROUBLED_MS, next)
  }
  let running = round()
  function next(): void {
    running = round()
  }
  return {
    tried: running,
    state: () => state,
    trusted: () => trusted,
    async close() {
      closed = true
      cancel()
      await running
      // A database that is away forgets this process by itself within 90 seconds.
      if (answered) await pool.query('SELECT withdraw_key_secrets($1)', [holder]).catch(() => undefined)
    },
  }
}

/**
 * Announces secrets once. Only a process without trouble becomes a holder and makes fingerprints of new secrets known.
 * @param secrets null: none at all, so that every key in force is in need of one
 */
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

/**
 * Compares secrets with the database once, before anything is started with them.
 * @param secrets null: they were made just now, so that whatever is in the database was signed with others
 */
export async function compareKeySecrets(pool: Pool, secrets: KeySecrets | null): Promise<KeySecretState> {
  const process = { holder: randomUUID(), node: 'start' }
  try {
    return await reportKeySecrets(pool, secrets, process)
  } finally {
    await pool.query('SELECT withdraw_key_secrets($1)', [process.holder])
  }
}

function isSame(a: KeySecretState, b: KeySecretState): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** The signing secret stays the signing secret: who signs asks `signingWith`, which passes over one that differs. */
function without(secrets: KeySecrets, ids: readonly number[]): KeySecrets {
  if (ids.length === 0) return secrets
  return { ...secrets, byId: new Map([...secrets.byId].filter(([id]) => !ids.includes(id))) }
}

/**
 * The secrets with the one to sign a new key with: the first in the order of the settings that every process which checks keys
 * holds, and whose bytes are those that the database knows by that id. Holds off new processes until the commit, so that none
 * can start without the secret of a key that is just being made.
 * @throws Fault `store_unavailable` when there is no such secret: a key that some process cannot check is not made
 */
export async function signingWith(transaction: Transaction, secrets: KeySecrets): Promise<KeySecrets> {
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtext('turnpike.key_secrets'))`
  const holders = await transaction.$queryRaw<{ secret_ids: number[] }[]>`
    SELECT secret_ids FROM key_secret_holders WHERE seen_at > now() - make_interval(secs => ${HELD_S_MAX})`
  for (const signing of heldByAll(
    secrets,
    holders.map((row) => row.secret_ids),
  )) {
    if (await isAgreed(transaction, signing)) return { ...secrets, signing }
  }
  throw new Fault(
    'store_unavailable',
    'New keys cannot be made just now: not every server holds a secret to check them with. Please retry in a minute.',
    { retryAfterMs: AGREED_MS, detail: { configured: [...secrets.byId.keys()] } },
  )
}

/** The secrets that all holders have, in the order of the settings; all of them when no process checks keys yet. */
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
