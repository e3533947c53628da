import { BUCKET_MAX, type Digest, type TargetId, type HealthChange } from '@turnpike/domain'
import { openText, sealText, type KeySecrets } from '../key-path/seal.ts'

/** What one node reports to the others each second. */
interface HealthMessage {
  /** One run of one process. */
  readonly life: string
  /** Grows with every message of a run, so that none is counted twice. */
  readonly number: number
  /** Wall clock, milliseconds, when it was sent. */
  readonly sentMs: number
  readonly changes: readonly HealthChange[]
}

/** A message of another version is ignored. */
const VERSION = 1
/** Covered by the seal, so that a text sealed for another purpose is refused. */
const PURPOSE = 'turnpike:health'
/** The longest message taken: 200 endpoints with every bucket used are below it. */
export const MESSAGE_CHARS_MAX = 1_000_000
/** More than a node sees of an endpoint in a second. */
const COUNT_MAX = 1_000_000
const ENDPOINT_CHARS_MAX = 300
/** How long an endpoint may be reported as down, or in cooldown. */
const DOWN_FOR_MS_MAX = 300_000

/** Makes the sealed text of a message. Lists, not objects: the names of fields would be half of it. */
export function sealHealth(secrets: KeySecrets, { life, number, sentMs, changes }: HealthMessage): string {
  const rows = changes.map((change) => [
    change.endpoint,
    change.attempts,
    change.failures,
    Math.round(change.downForMs),
    change.firstTokenMs,
    change.tokensPerSecond,
    Math.round(change.coolForMs),
  ])
  return sealText(secrets, PURPOSE, JSON.stringify([VERSION, life, number, sentMs, rows]))
}

/** Reads what `sealHealth` made; null for everything else, whatever it is. */
export function openHealth(secrets: KeySecrets, text: string): HealthMessage | null {
  if (text.length > MESSAGE_CHARS_MAX) return null
  const json = openText(secrets, PURPOSE, text)
  if (json === null) return null
  const message: unknown = JSON.parse(json)
  if (!Array.isArray(message)) return null
  const [version, life, number, sentMs, rows] = message as unknown[]
  if (version !== VERSION || typeof life !== 'string' || !isCount(number) || !isCount(sentMs, Infinity)) return null
  if (!Array.isArray(rows)) return null
  const changes = rows.map(openRow)
  return changes.every((change) => change !== null) ? { life, number, sentMs, changes } : null
}

function openRow(row: unknown): HealthChange | null {
  if (!Array.isArray(row)) return null
  const [endpoint, attempts, failures, downForMs, firstTokenMs, tokensPerSecond, coolForMs] = row as unknown[]
  if (typeof endpoint !== 'string' || endpoint === '' || endpoint.length > ENDPOINT_CHARS_MAX) return null
  if (!isCount(attempts) || !isCount(failures, attempts)) return null
  if (!isCount(downForMs, DOWN_FOR_MS_MAX) || !isCount(coolForMs, DOWN_FOR_MS_MAX)) return null
  if (!isDigest(firstTokenMs) || !isDigest(tokensPerSecond)) return null
  return { endpoint: endpoint as TargetId, attempts, failures, downForMs, firstTokenMs, tokensPerSecond, coolForMs }
}

function isDigest(value: unknown): value is Digest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(
    ([bucket, count]) => /^(?:0|[1-9]\d{0,2})$/.test(bucket) && Number(bucket) <= BUCKET_MAX && isCount(count),
  )
}

function isCount(value: unknown, max = COUNT_MAX): value is number {
  return typeof value === 'number' && value >= 0 && value <= max && (max === Infinity || Number.isInteger(value))
}
