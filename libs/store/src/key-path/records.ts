import {
  DEFAULT_POLICY,
  openPolicy,
  type Caller,
  type KeyId,
  type KeyKind,
  type PolicyDocument,
  type PolicyId,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
} from '@turnpike/domain'
import type { Redis } from 'ioredis'
import { SKEW_MS_MAX } from '../cache/clock.ts'
import { withBigint, withoutBigint } from './bigint-json.ts'
import { openText, sealText, type KeySecrets } from './seal.ts'
import { ownOf, type StoredOwn } from '../byok/rows.ts'
import type { Pool } from '../connections/pools.ts'

/** What is known of a digest. Without a caller it is a tombstone: the key was revoked and stays so. */
export interface KeyRecord {
  readonly version: number
  readonly caller: Caller | null
  /** Wall clock, milliseconds: when Postgres said so. */
  readonly verifiedAtMs: number
}

/** What Redis held was not what we put there. */
export class WrongValue extends Error {}

/** Redis keeps a caller as long as a stale key may be served, and a tombstone longer than that. */
const CALLER_TTL_MS = 60 * 60_000
const TOMBSTONE_TTL_MS = 65 * 60_000
const TTL_JITTER = 0.2
/** Longer than a look-up may take. */
const CLAIM_MS = 1_000

/**
 * Asks Postgres for keys, by the one function that crosses tenants. Answers by hexadecimal digest; what is missing does not exist. A
 * connection that the server closed is noticed by the first query on it, which is asked again once.
 * @param nowMs when the answer counts as verified, Unix milliseconds
 */
export async function readKeys(pool: Pool, digests: readonly Buffer[], nowMs: number): Promise<Map<string, KeyRecord>> {
  const ask = () => pool.query<KeyRow>({ name: 'auth_lookup', text: LOOKUP, values: [digests] })
  const { rows } = await ask().catch((error: unknown) => {
    if (isLostConnection(error)) return ask()
    throw error
  })
  return new Map(
    rows.map((row) => {
      const caller = callerOf(row)
      return [row.digest.toString('hex'), { version: caller.version, caller, verifiedAtMs: nowMs }]
    }),
  )
}

/** A server that shuts down, and a socket that was closed under a query. */
const LOST_CODES = new Set(['57P01', '57P02', 'ECONNRESET', 'EPIPE'])

function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && LOST_CODES.has(String(error.code))) return true
  return error.message.startsWith('Connection terminated unexpectedly')
}

const LOOKUP = `SELECT digest, key_id, tenant_id, workspace_id, name, kind, version::text, expires_at, revoked_at, funds,
  balance::text, stale_max_s, policies, own FROM auth_lookup($1::bytea[])`

interface KeyRow {
  digest: Buffer
  key_id: KeyId
  tenant_id: TenantId
  workspace_id: WorkspaceId
  name: string
  kind: KeyKind
  version: string
  expires_at: Date | null
  revoked_at: Date | null
  funds: Caller['funds']
  balance: string | null
  stale_max_s: number
  /** The widest first; null when there is none. */
  policies: { id: PolicyId; version: number; document: PolicyDocument }[] | null
  /** Null: its organisation has no BYOK resources. */
  own: StoredOwn | null
}

function callerOf(row: KeyRow): Caller {
  const own = ownOf(row.own)
  return {
    tenantId: row.tenant_id,
    workspaceId: row.workspace_id,
    keyId: row.key_id,
    keyName: row.name,
    kind: row.kind,
    version: Number(row.version),
    funds: row.funds,
    balance: row.funds === 'operator' ? null : BigInt(row.balance ?? 0),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    revoked: row.revoked_at !== null,
    staleMaxMs: row.stale_max_s * 1000,
    policies: (row.policies ?? []).map(({ id, version, document }) => ({ id, version, policy: openPolicy(document) })),
    ...(own && { own }),
  }
}

/** Null when Redis has nothing. Throws WrongValue for a value that is not ours for this digest. */
export async function readCached(
  redis: Redis,
  secrets: KeySecrets,
  digest: Buffer,
  nowMs: number,
): Promise<KeyRecord | null> {
  const text = await redis.get(placeOf(digest))
  return text === null ? null : openRecord(secrets, digest, text, nowMs)
}

/** False when another process has the claim, which expires soon after the longest look-up: one that died with it delays no other. */
export async function claimLookup(redis: Redis, digest: Buffer): Promise<boolean> {
  const won = await redis.set(`turnpike:lookup:${digest.toString('hex')}`, '1', 'PX', CLAIM_MS, 'NX')
  return won === 'OK'
}

/** Unless Redis holds a higher version, or a tombstone, which nothing replaces. */
export async function writeCached(redis: Redis, secrets: KeySecrets, digest: Buffer, record: KeyRecord): Promise<void> {
  const ttlMs = isTombstone(record)
    ? TOMBSTONE_TTL_MS
    : Math.round(CALLER_TTL_MS * (1 - TTL_JITTER + TTL_JITTER * Math.random()))
  await redis.eval(KEEP_NEWEST, 1, placeOf(digest), sealRecord(secrets, digest, record), String(ttlMs))
}

/** `version|t or c|…`: the script reads no further than the mark. */
const KEEP_NEWEST = `
local held = redis.call('GET', KEYS[1])
if held then
  local version, mark = string.match(held, '^(%d+)|(%a)|')
  local newVersion, newMark = string.match(ARGV[1], '^(%d+)|(%a)|')
  if version and mark == 't' and newMark == 'c' then return 0 end
  if version and mark == newMark and tonumber(version) > tonumber(newVersion) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

function placeOf(digest: Buffer): string {
  return `turnpike:key:${digest.toString('hex')}`
}

function isTombstone(record: KeyRecord): boolean {
  return record.caller === null || record.caller.revoked
}

/** `version|mark|seal`. The seal covers digest and head: a value can neither be altered nor moved to another key. */
export function sealRecord(secrets: KeySecrets, digest: Buffer, record: KeyRecord): string {
  const head = `${record.version}|${isTombstone(record) ? 't' : 'c'}`
  const json = JSON.stringify(record, withoutBigint)
  return `${head}|${sealText(secrets, placeOf(digest) + head, json)}`
}

/** Reads what `sealRecord` wrote for this very digest; throws WrongValue for everything else. */
export function openRecord(secrets: KeySecrets, digest: Buffer, text: string, nowMs: number): KeyRecord {
  const [, head = '', sealed = ''] = /^(\d{1,15}\|[tc])\|(.*)$/s.exec(text) ?? []
  const json = openText(secrets, placeOf(digest) + head, sealed)
  if (json === null) throw new WrongValue('not sealed for this key')
  const record = JSON.parse(json, withBigint) as KeyRecord
  if (record.verifiedAtMs > nowMs + SKEW_MS_MAX) throw new WrongValue('from the future')
  // To fill in the fields of a policy under other names would drop its constraints.
  const isOurs =
    !record.caller || (Array.isArray(record.caller.policies) && record.caller.policies.every(isNamedAsHere))
  if (!isOurs) throw new WrongValue('from another release')
  return completed(record)
}

function isNamedAsHere({ policy }: VersionedPolicy): boolean {
  return 'only' in policy && 'ignore' in policy
}

/** An earlier release may have written it: members that it did not know have their defaults. */
function completed(record: KeyRecord): KeyRecord {
  const { caller } = record
  if (!caller || caller.policies.length === 0) return record
  const policies = caller.policies.map((one) => ({ ...one, policy: { ...DEFAULT_POLICY, ...one.policy } }))
  return { ...record, caller: { ...caller, policies } }
}
