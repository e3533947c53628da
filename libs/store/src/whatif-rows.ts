import {
  openPolicy,
  ownTarget,
  type Caller,
  type Draft,
  type EndpointId,
  type FaultCode,
  type KeyId,
  type KeyKind,
  type Own,
  type OwnId,
  type PolicyDocument,
  type PolicyId,
  type RecordedRequest,
  type RequestId,
  type TargetId,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
  type World,
} from '@turnpike/domain'
import { openFeatures, type FeatureColumns } from './journal-features.ts'
import { inTenant, type Pool, type Queryable } from './pools.ts'
import { readFrame, readHour } from './whatif-past.ts'
import type { WhatIfRun } from './whatif-runs.ts'
import { openTrace, TRACE, type Trace, type TraceColumn } from './whatif-trace.ts'

/** A few thousand recorded requests and the world in which they are routed again. */
export interface WhatIfBatch {
  readonly world: World
  readonly requests: readonly RecordedRequest[]
  /** Requests without a decision, or refused for something that no policy changes. */
  readonly unrecorded: number
}

/** Rows read at a time: some ten milliseconds of routing, after which others have their turn. */
const BATCH_MAX = 1_000
const HOUR_MS = 3_600_000

/** The draft of a run, and the policies that go on applying around it: those attached to organisation and workspaces now. */
export function readDraft(pool: Pool, tenantId: TenantId, run: WhatIfRun): Promise<Draft> {
  return inTenant(pool, tenantId, async (client) => {
    const { rows } = await client.query<{ policy_id: PolicyId }>(
      `SELECT policy_id FROM organisations WHERE tenant_id = $1 AND policy_id IS NOT NULL
       UNION SELECT policy_id FROM workspaces WHERE tenant_id = $1 AND policy_id IS NOT NULL`,
      [tenantId],
    )
    const id = run.policyId ?? ('draft' as PolicyId)
    return {
      policy: { id, version: run.policyVersion ?? 0, policy: openPolicy(run.document) },
      wider: new Set(rows.map((row) => row.policy_id)),
    }
  })
}

/**
 * The recorded requests of a run's range, hour by hour, newest first, in batches by a keyset: no transaction stays open. The next
 * batch is on its way while one is worked on.
 */
export async function* readWhatIf(pool: Pool, tenantId: TenantId, run: WhatIfRun): AsyncGenerator<WhatIfBatch> {
  const frame = await readFrame(pool, tenantId, run.from, run.to)
  const callers = new Callers(tenantId, frame.own)
  const read = (hourMs: number, after: Row | null) =>
    inTenant(pool, tenantId, async (client) => {
      const rows = await readPage(client, tenantId, run, { hourMs, after })
      await callers.prepare(client, rows)
      return rows
    })
  for (const hourMs of await busyHours(pool, tenantId, run)) {
    const world = await readHour(pool, frame, hourMs)
    let coming: Promise<Row[]> | null = read(hourMs, null)
    while (coming) {
      const page: Row[] = await coming
      coming = page.length === BATCH_MAX ? read(hourMs, page.at(-1) ?? null) : null
      // Whoever stops here, or fails, leaves a batch behind that nobody waits for.
      coming?.catch(() => undefined)
      const requests = page.flatMap((row) => requestOf(row, callers) ?? [])
      yield { world, requests, unrecorded: page.length - requests.length }
    }
  }
}

/** Beginnings of the hours in which there was anything, newest first. */
async function busyHours(pool: Pool, tenantId: TenantId, { from, to }: WhatIfRun): Promise<number[]> {
  const { rows } = await inTenant(pool, tenantId, (client) =>
    client.query<{ hour: Date }>(
      `SELECT DISTINCT date_trunc('hour', bucket, 'UTC') AS hour FROM usage_rollups
       WHERE tenant_id = $1 AND bucket >= date_trunc('hour', $2::timestamptz, 'UTC') AND bucket < $3 ORDER BY hour DESC`,
      [tenantId, from, to],
    ),
  )
  return rows.map(({ hour }) => hour.getTime())
}

interface Row extends Omit<FeatureColumns, 'models' | 'prompt_tokens'> {
  readonly request_id: RequestId
  readonly began_ms: number
  readonly key_id: KeyId
  /** Who answered, and by whose account. */
  readonly target: TargetId | null
  readonly fault: FaultCode | null
  readonly cancelled: boolean
  readonly streamed: boolean
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly cache_read_tokens: number
  readonly cache_write_tokens: number
  readonly reasoning_tokens: number
  readonly cost_nano: bigint
  readonly first_token_ms: number | null
  readonly total_ms: number
  /** Null: no route was chosen. */
  readonly trace: Trace | null
  /** Null: there are no features. */
  readonly models: string[] | null
  readonly expected_tokens: number
  readonly draw: number
}

interface StoredRow extends Omit<Row, 'trace' | 'target'> {
  readonly endpoint_id: EndpointId | null
  readonly owner_id: OwnId | null
  readonly trace: TraceColumn | null
}

/** The primary key of the features begins with the day, which chooses the partition of both. Times are whole milliseconds. */
const PAGE = `
  SELECT e.request_id, extract(epoch FROM e.began_at)::float8 * 1000 AS began_ms, e.key_id, e.endpoint_id, e.owner_id, e.fault, e.cancelled,
    e.streamed, e.prompt_tokens, e.completion_tokens, e.cache_read_tokens, e.cache_write_tokens, e.reasoning_tokens, e.cost_nano,
    e.first_token_ms, e.total_ms, ${TRACE}, f.models, f.prompt_tokens AS expected_tokens, f.max_tokens, f.parameters,
    f.preferences, f.draw
  FROM usage_events e LEFT JOIN request_features f ON f.day = e.day AND f.request_id = e.request_id
  WHERE e.tenant_id = $1 AND e.day = $2 AND e.began_at >= $3 AND e.began_at < $4 AND ($5::text IS NULL OR e.key_id = $5)
    AND ($6::timestamptz IS NULL OR (e.began_at <= $6 AND (e.began_at < $6 OR e.request_id > $7)))
  ORDER BY e.began_at DESC, e.request_id LIMIT ${BATCH_MAX}`

async function readPage(
  client: Queryable,
  tenantId: TenantId,
  { from, to, keyId }: WhatIfRun,
  { hourMs, after }: { readonly hourMs: number; readonly after: Row | null },
): Promise<Row[]> {
  const day = new Date(hourMs).toISOString().slice(0, 10)
  const begin = new Date(Math.max(hourMs, from.getTime()))
  const end = new Date(Math.min(hourMs + HOUR_MS, to.getTime()))
  const place = [after && new Date(after.began_ms), after?.request_id ?? null]
  const { rows } = await client.query<StoredRow>(PAGE, [...[tenantId, day, begin, end, keyId], ...place])
  return rows.map((row) => {
    const { endpoint_id: endpoint, owner_id: owner } = row
    const target = endpoint !== null && owner !== null ? ownTarget(endpoint, owner) : endpoint
    return Object.assign(row, { target, trace: openTrace(row.trace, target), began_ms: Math.round(row.began_ms) })
  })
}

/** Callers as they were at the time of a request: by key, and by the versions of the policies that applied. */
class Callers {
  readonly #tenantId: TenantId
  readonly #own: Pick<Caller, 'own'> | undefined
  readonly #callers = new Map<string, Caller>()
  readonly #versions = new Map<string, VersionedPolicy>()
  readonly #asked = new Set<string>()
  #kinds: ReadonlyMap<KeyId, KeyKind> | null = null
  #funds: Caller['funds'] = 'simulated'

  /** @param own what the tenant brings along today */
  constructor(tenantId: TenantId, own: Own | undefined) {
    this.#tenantId = tenantId
    this.#own = own && { own }
  }

  /** Reads the policies that these rows name and earlier ones did not. */
  async prepare(client: Queryable, rows: readonly Row[]): Promise<void> {
    if (this.#kinds === null) await this.#readTenant(client)
    const wanted = rows
      .flatMap(({ trace }) => trace?.policies ?? [])
      .filter(({ id, version }) => UUID.test(id) && !this.#asked.has(nameOf(id, version)))
    if (wanted.length === 0) return
    for (const { id, version } of wanted) this.#asked.add(nameOf(id, version))
    const found = await client.query<{ policy_id: PolicyId; version: number; document: PolicyDocument }>(
      `SELECT policy_id, version, document FROM policy_versions
       WHERE tenant_id = $1 AND (policy_id, version) IN (SELECT * FROM unnest($2::uuid[], $3::int[]))`,
      [this.#tenantId, wanted.map(({ id }) => id), wanted.map(({ version }) => version)],
    )
    for (const { policy_id: id, version, document } of found.rows) {
      this.#versions.set(nameOf(id, version), { id, version, policy: openPolicy(document) })
    }
  }

  /** Null when a policy that applied is not known any more. */
  of({ key_id: keyId }: Row, applied: readonly { id: string; version: number }[]): Caller | null {
    const names = applied.map(({ id, version }) => nameOf(id, version))
    const name = [keyId, ...names].join(' ')
    const known = this.#callers.get(name)
    if (known) return known
    const policies = names.flatMap((policy) => this.#versions.get(policy) ?? [])
    if (policies.length < names.length) return null
    const caller: Caller = {
      ...{
        tenantId: this.#tenantId,
        workspaceId: '' as WorkspaceId,
        keyId,
        keyName: '',
        kind: this.#kinds?.get(keyId) ?? 'live',
      },
      ...{ version: 1, funds: this.#funds, balance: null, expiresAtMs: null, revoked: false, policies, staleMaxMs: 0 },
      ...this.#own,
    }
    this.#callers.set(name, caller)
    return caller
  }

  async #readTenant(client: Queryable): Promise<void> {
    const values = [this.#tenantId]
    const keys = await client.query<{ id: KeyId; kind: KeyKind }>(
      'SELECT id, kind FROM api_keys WHERE tenant_id = $1',
      values,
    )
    const { rows } = await client.query<{ funds: Caller['funds'] }>(
      'SELECT funds FROM organisations WHERE tenant_id = $1',
      values,
    )
    this.#kinds = new Map(keys.rows.map(({ id, kind }) => [id, kind]))
    this.#funds = rows[0]?.funds ?? 'simulated'
  }
}

/** What else a record may name is no policy that was ever saved. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

function nameOf(policyId: string, version: number): string {
  return `${policyId}@${version}`
}

/** Null for a request that was never routed, or refused for something else than its route: its policy would have changed nothing. */
function requestOf(row: Row, callers: Callers): RecordedRequest | null {
  const { trace } = row
  const caller = trace && callers.of(row, trace.policies)
  if (!caller || row.models === null) return null
  if (trace.attempts.length === 0 && row.fault !== 'endpoints_excluded') return null
  return {
    requestId: row.request_id,
    beganAtMs: row.began_ms,
    caller,
    route: openFeatures({ ...row, models: row.models, prompt_tokens: row.expected_tokens }),
    draw: row.draw,
    warm: trace.warm,
    streamed: row.streamed,
    endpoint: row.target,
    failed: row.fault !== null && !row.cancelled,
    usage: {
      promptTokens: row.prompt_tokens,
      completionTokens: row.completion_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    costNano: row.cost_nano,
    firstTokenMs: row.first_token_ms,
    tokensPerSecond: speedOf(row),
    attempts: trace.attempts,
  }
}

/** As the health figures have it: tokens after the first content, of streams that have an end apart from their beginning. */
function speedOf({ streamed, completion_tokens, first_token_ms, total_ms, fault }: Row): number | null {
  const streamedMs = streamed && first_token_ms !== null && fault === null ? total_ms - first_token_ms : 0
  return streamedMs > 0 && completion_tokens > 1 ? (completion_tokens * 1_000) / streamedMs : null
}
