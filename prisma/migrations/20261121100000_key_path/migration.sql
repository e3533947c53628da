-- How long a copy of a key may be served while nobody can be asked, seconds; 0: never. An hour is the most for anybody.
ALTER TABLE "organisations" ADD COLUMN "stale_max_s" INTEGER NOT NULL DEFAULT 3600;
ALTER TABLE "organisations" ADD CONSTRAINT stale_max_within_an_hour CHECK (stale_max_s BETWEEN 0 AND 3600);

-- Processes that check keys, with the server secrets that each of them holds. A row lives as long as it is renewed.
CREATE TABLE "key_secret_holders" (
    "holder" UUID NOT NULL,
    "node" TEXT NOT NULL,
    "secret_ids" SMALLINT[],
    "seen_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "key_secret_holders_pkey" PRIMARY KEY ("holder")
);
GRANT SELECT ON key_secret_holders TO turnpike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON key_secret_holders TO turnpike_system;

-- Which secrets are still needed is asked twice a minute by every process.
CREATE INDEX api_keys_in_force_secret ON api_keys (secret_id) WHERE revoked_at IS NULL;

-- A process says which secrets it holds, and hears what is wrong with them: a row for each secret that is not the one the
-- database knows by that number (`differs`) and for each that keys in force need and the process lacks (`missing`).
-- Only a process that holds some and has no trouble counts as a holder, and only it makes the fingerprint of a new secret known.
-- Whoever signs a key holds the same lock shared until the commit: so either the signer sees this process, or this process
-- sees the key.
CREATE FUNCTION announce_key_secrets(process uuid, process_node text, ids int[], prints bytea[])
RETURNS TABLE (secret_id int, trouble text, live_keys bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('turnpike.key_secrets'));
  RETURN QUERY
    SELECT held.id, 'differs', 0::bigint FROM unnest(ids, prints) AS held (id, print)
    JOIN secret_fingerprints f ON f.purpose = 'key' AND f.secret_id = held.id AND f.fingerprint <> held.print
    UNION ALL
    SELECT wanted.id, 'missing', k.live FROM generate_series(1, 255) AS wanted (id)
    CROSS JOIN LATERAL (
      SELECT count(*) AS live FROM api_keys
      WHERE api_keys.secret_id = wanted.id::smallint AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ) k
    WHERE wanted.id <> ALL (ids) AND k.live > 0;
  IF FOUND OR ids = '{}' THEN
    DELETE FROM key_secret_holders WHERE holder = process;
    RETURN;
  END IF;
  INSERT INTO secret_fingerprints (purpose, secret_id, fingerprint)
    SELECT 'key', held.id, held.print FROM unnest(ids, prints) AS held (id, print) ON CONFLICT DO NOTHING;
  INSERT INTO key_secret_holders (holder, node, secret_ids) VALUES (process, process_node, ids)
    ON CONFLICT (holder) DO UPDATE SET secret_ids = EXCLUDED.secret_ids, seen_at = now();
  DELETE FROM key_secret_holders WHERE seen_at < now() - interval '1 day';
END $$;

-- A process that ends does not hold up the next secret.
CREATE FUNCTION withdraw_key_secrets(process uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM key_secret_holders WHERE holder = process
$$;

-- What a gateway may know of a key grows by one column, which changes the type of the answer: made anew, with the same rights.
DO $$ BEGIN EXECUTE format('GRANT turnpike_system TO %I', current_user); END $$;
DROP FUNCTION auth_lookup(bytea[]);
CREATE FUNCTION auth_lookup(wanted bytea[]) RETURNS TABLE (
  digest bytea, key_id text, tenant_id uuid, workspace_id uuid, name text, kind text, version bigint,
  expires_at timestamptz, revoked_at timestamptz, funds text, balance bigint,
  policy_id uuid, policy_version int, policy jsonb, stale_max_s int
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.digest, k.id, k.tenant_id, k.workspace_id, k.name, k.kind, k.version, k.expires_at, k.revoked_at, o.funds,
         (SELECT a.balance FROM ledger_accounts a WHERE a.tenant_id = k.tenant_id
           AND a.kind = CASE o.funds WHEN 'simulated' THEN 'credits_simulated' ELSE 'credits' END),
         v.policy_id, v.version, v.document, o.stale_max_s
  FROM api_keys k
  JOIN organisations o ON o.tenant_id = k.tenant_id
  JOIN workspaces w ON w.id = k.workspace_id
  LEFT JOIN policies p ON p.id = COALESCE(k.policy_id, w.policy_id) AND p.archived_at IS NULL
  LEFT JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.current_version
  WHERE k.digest = ANY (wanted)
$$;

DO $$
DECLARE door regprocedure;
BEGIN
  -- Giving a function away needs CREATE on the schema for the new owner: held for this step only.
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  FOREACH door IN ARRAY ARRAY['auth_lookup(bytea[])', 'announce_key_secrets(uuid, text, int[], bytea[])',
                              'withdraw_key_secrets(uuid)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('ALTER FUNCTION %s OWNER TO turnpike_system', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO turnpike_gateway, turnpike_app', door);
  END LOOP;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
