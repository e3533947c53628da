import {
  openPolicy,
  type Caller,
  type DraftPolicy,
  type KeyId,
  type KeyKind,
  type Own,
  type PolicyDocument,
  type PolicyId,
  type ReplaySample,
  type TenantId,
  type VersionedPolicy,
  type WorkspaceId,
  type ReplayContext,
} from '@turnpike/domain'
import { inTenant, queryInTenant, type Pool, type Queryable } from '../connections/pools.ts'
import { PAGE_MAX, readPage, type Page, type Recorded } from './page.ts'
import { readFrame, readHour, type Frame } from './history.ts'
import type { WhatIfRun } from './runs.ts'

/** Up to a thousand recorded requests and the context in which they are routed again. */
interface WhatIfBatch {
  readonly context: ReplayContext
  readonly samples: readonly ReplaySample[]
  /** Requests without a decision, or refused for something that no policy changes. */
  readonly unrecorded: number
}

/** The draft of a run, and the policies around it: those attached to organisation and workspaces now. */
export async function readDraft(pool: Pool, tenantId: TenantId, run: WhatIfRun): Promise<DraftPolicy> {
  const rows = await queryInTenant<{ policy_id: PolicyId }>(
    pool,
    tenantId,
    `SELECT policy_id FROM organisations WHERE tenant_id = $1 AND policy_id IS NOT NULL
     UNION SELECT policy_id FROM workspaces WHERE tenant_id = $1 AND policy_id IS NOT NULL`,
    [tenantId],
  )
  const id = run.policyId ?? ('draft' as PolicyId)
  return {
    policy: { id, version: run.policyVersion ?? 0, policy: openPolicy(run.document) },
    wider: new Set(rows.map((row) => row.policy_id)),
  }
}

/** Connections: while the rows of one are routed, PostgreSQL prepares those of the other. */
const LANES = 2

/**
 * The recorded requests of a run's range, two hours side by side, newest first, by a keyset: no transaction stays open. The next
 * batches are read while one is worked on.
 */
export async function* readWhatIf(pool: Pool, tenantId: TenantId, run: WhatIfRun): AsyncGenerator<WhatIfBatch, void> {
  const frame = await readFrame(pool, tenantId, run.from, run.to)
  const hours = await busyHours(pool, tenantId, run)
  const lanes = Array.from({ length: LANES }, (_, lane) => {
    const mine = hours.filter((_hour, place) => place % LANES === lane)
    return ahead(batchesOf(pool, tenantId, run, frame, mine))
  })
  for (let open = lanes; open.length > 0;) {
    for (const lane of open) {
      const next = await lane.next()
      if (next.done) open = open.filter((other) => other !== lane)
      else yield next.value
    }
  }
}

async function* batchesOf(
  pool: Pool,
  tenantId: TenantId,
  run: WhatIfRun,
  frame: Frame,
  hours: readonly number[],
): AsyncGenerator<WhatIfBatch, void> {
  const callers = new Callers(tenantId, frame.own)
  for (const hourMs of hours) {
    const context = await readHour(pool, frame, hourMs)
    let page: Page | null = null
    do {
      const after: Page['last'] = page?.last ?? null
      page = await inTenant(pool, tenantId, async (client) => {
        const next = await readPage(client, tenantId, run, { hourMs, after })
        await callers.prepare(client, next.recorded)
        return next
      })
      const samples = page.recorded.flatMap((recorded) => {
        const caller = callers.of(recorded)
        return caller ? { ...recorded, caller } : []
      })
      yield { context, samples, unrecorded: page.read - samples.length }
    } while (page.read === PAGE_MAX)
  }
}

async function* ahead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let coming = source.next()
  for (;;) {
    const next = await coming
    if (next.done) return
    coming = source.next()
    // A consumer that stops here leaves it unawaited.
    coming.catch(() => undefined)
    yield next.value
  }
}

/** Beginnings of the hours in which there was anything, newest first. */
async function busyHours(pool: Pool, tenantId: TenantId, { from, to }: WhatIfRun): Promise<number[]> {
  const rows = await queryInTenant<{ hour: Date }>(
    pool,
    tenantId,
    `SELECT DISTINCT date_trunc('hour', bucket, 'UTC') AS hour FROM usage_rollups
     WHERE tenant_id = $1 AND bucket >= date_trunc('hour', $2::timestamptz, 'UTC') AND bucket < $3 ORDER BY hour DESC`,
    [tenantId, from, to],
  )
  return rows.map(({ hour }) => hour.getTime())
}

/** Callers as they were then: by key, and by the versions of the policies that applied. */
class Callers {
  readonly #tenantId: TenantId
  readonly #own: Pick<Caller, 'own'> | undefined
  readonly #callers = new Map<string, Caller>()
  readonly #versions = new Map<string, VersionedPolicy>()
  readonly #read = new Set<string>()
  #kinds: ReadonlyMap<KeyId, KeyKind> | null = null
  #funds: Caller['funds'] = 'simulated'

  constructor(tenantId: TenantId, own: Own | undefined) {
    this.#tenantId = tenantId
    this.#own = own && { own }
  }

  /** Reads the policies that these requests name and earlier ones did not. */
  async prepare(client: Queryable, recorded: readonly Recorded[]): Promise<void> {
    if (this.#kinds === null) await this.#readTenant(client)
    const wanted = recorded
      .flatMap(({ policies }) => policies)
      .filter(({ id, version }) => UUID.test(id) && !this.#read.has(nameOf(id, version)))
    if (wanted.length === 0) return
    for (const { id, version } of wanted) this.#read.add(nameOf(id, version))
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
  of({ keyId, policies: applied }: Recorded): Caller | null {
    const names = applied.map(({ id, version }) => nameOf(id, version))
    const name = [keyId, ...names].join(' ')
    const known = this.#callers.get(name)
    if (known) return known
    const policies = names.flatMap((policy) => this.#versions.get(policy) ?? [])
    if (policies.length < names.length) return null
    const caller: Caller = {
      ...{ tenantId: this.#tenantId, workspaceId: '' as WorkspaceId, keyId, keyName: '', version: 1, policies },
      ...{ kind: this.#kinds?.get(keyId) ?? 'live', funds: this.#funds, balance: null },
      ...{ expiresAtMs: null, revoked: false, staleMaxMs: 0 },
      ...this.#own,
    }
    this.#callers.set(name, caller)
    return caller
  }

  async #readTenant(client: Queryable): Promise<void> {
    const keys = 'SELECT id, kind FROM api_keys WHERE tenant_id = $1'
    const { rows } = await client.query<{ id: KeyId; kind: KeyKind }>(keys, [this.#tenantId])
    this.#kinds = new Map(rows.map(({ id, kind }) => [id, kind]))
    const funds = 'SELECT funds FROM organisations WHERE tenant_id = $1'
    const found = await client.query<{ funds: Caller['funds'] }>(funds, [this.#tenantId])
    this.#funds = found.rows[0]?.funds ?? 'simulated'
  }
}

/** Any other id in a record names no saved policy. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

function nameOf(policyId: string, version: number): string {
  return `${policyId}@${version}`
}
