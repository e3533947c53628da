import { openPool, type Pool } from '@turnpike/store'

/** Look-ups that the database does at once. With the time of one they bound what it does per second, whoever asks. */
const AT_ONCE_MAX = 2
/** What a look-up takes, and what each further digest of a batch adds to it. */
const LOOKUP_MS = 20
const FURTHER_DIGEST_MS = 0.2
/** Look-ups per second that the limit lets through, of one digest each. */
export const LOOKUPS_PER_SECOND_MAX = (AT_ONCE_MAX * 1_000) / LOOKUP_MS

/** Look-ups take 20 ms and more, so that none goes unseen in between. */
const SAMPLE_MS = 10
const POOL = { max: 2, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, applicationName: 'replay' }

/** Groups of keys; `others` belong to none. */
const GROUPS = ['inUse', 'unseen', 'others'] as const
export type Group = (typeof GROUPS)[number]

export interface Asked {
  /** A look-up of several groups' keys counts for each of them. */
  readonly lookups: number
  /** Digests in these look-ups. */
  readonly keys: number
}

/** Look-ups since the limit began, counted at their start, so that abandoned ones count too. */
export type LookupCounts = Readonly<Record<Group, Asked>>

/** The look-up function behind a limit that is the same for everybody, and its meter. */
export interface LimitedDatabase {
  counts(): Promise<LookupCounts>
  /** The most look-ups in flight at once since the last call, those that wait inside the database included. */
  peak(): number
  close(): Promise<void>
}

/** Puts `auth_lookup` behind the limit. @param ownerUrl a login that may replace functions @param groups digests of keys */
export async function limitDatabase(
  ownerUrl: string,
  groups: Readonly<Record<Exclude<Group, 'others'>, readonly Buffer[]>>,
): Promise<LimitedDatabase> {
  const pool = openPool(ownerUrl, POOL)
  for (const statement of LIMIT) await pool.query(statement)
  for (const [name, digests] of Object.entries(groups)) {
    await pool.query('INSERT INTO replay.keys SELECT digest, $1 FROM unnest($2::bytea[]) AS digest', [name, digests])
  }
  const sampling = sample(pool)
  return {
    counts: () => readCounts(pool),
    peak: sampling.peak,
    async close() {
      await sampling.stop()
      await pool.end()
    },
  }
}

/** Sequences, because they keep counting in transactions that are given up. */
const LIMIT = [
  'CREATE SCHEMA replay',
  'CREATE TABLE replay.keys (digest bytea PRIMARY KEY, name text NOT NULL)',
  'CREATE SEQUENCE replay.slots MINVALUE 0',
  ...GROUPS.map((name) => `CREATE SEQUENCE replay."${name} lookups" MINVALUE 0`),
  ...GROUPS.map((name) => `CREATE SEQUENCE replay."${name} keys" MINVALUE 0`),
  `CREATE FUNCTION replay.take(wanted bytea[]) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    slot int := nextval('replay.slots') % ${AT_ONCE_MAX};
    names text[] := ARRAY(
      SELECT COALESCE(k.name, 'others') FROM unnest(wanted) AS w (digest) LEFT JOIN replay.keys AS k USING (digest));
  BEGIN
    PERFORM nextval(format('replay.%I', name || ' keys')) FROM unnest(names) AS name;
    PERFORM nextval(format('replay.%I', name || ' lookups')) FROM (SELECT DISTINCT unnest(names) AS name) AS asked;
    PERFORM pg_advisory_xact_lock(hashtext('replay'), slot);
    PERFORM pg_sleep((${LOOKUP_MS} + ${FURTHER_DIGEST_MS} * greatest(0, cardinality(wanted) - 1)) / 1000.0);
  END $$`,
  'ALTER FUNCTION auth_lookup(bytea[]) RENAME TO auth_lookup_unlimited',
  // The columns are read from the function itself, so that this need not know them.
  `DO $do$ BEGIN
    EXECUTE format('CREATE FUNCTION auth_lookup(wanted bytea[]) RETURNS %s
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
      AS $$ SELECT replay.take(wanted); SELECT * FROM auth_lookup_unlimited(wanted) $$',
      pg_get_function_result('auth_lookup_unlimited(bytea[])'::regprocedure));
  END $do$`,
]

/** A sequence tells the number it gave last; one that gave none yet says so. The first number is 0. */
const COUNTS = GROUPS.flatMap((name) =>
  (['lookups', 'keys'] as const).map(
    (what) => `(SELECT last_value + is_called::int FROM replay."${name} ${what}")::int AS "${name} ${what}"`,
  ),
)

async function readCounts(pool: Pool): Promise<LookupCounts> {
  const { rows } = await pool.query<Record<string, number>>(`SELECT ${COUNTS.join(', ')}`)
  const of = (group: Group): Asked => ({
    lookups: rows[0]?.[`${group} lookups`] ?? 0,
    keys: rows[0]?.[`${group} keys`] ?? 0,
  })
  return { inUse: of('inUse'), unseen: of('unseen'), others: of('others') }
}

const UNDER_WAY = `SELECT count(*)::int AS under_way FROM pg_stat_activity
  WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%auth_lookup%'`

function sample(pool: Pool): { peak: () => number; stop: () => Promise<void> } {
  let highest = 0
  const ending = new AbortController()
  const loop = async () => {
    while (!ending.signal.aborted) {
      const { rows } = await pool.query<{ under_way: number }>(UNDER_WAY)
      highest = Math.max(highest, rows[0]?.under_way ?? 0)
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
    }
  }
  const ended = loop()
  // Looked at when stopped; until then a failure is not "unhandled".
  ended.catch(() => undefined)
  return {
    peak() {
      const peak = highest
      highest = 0
      return peak
    },
    async stop() {
      ending.abort()
      await ended
    },
  }
}
