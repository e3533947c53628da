-- The doors that cross tenants: narrow functions owned by turnpike_system. `search_path` is pinned in each, so that no
-- object of a caller's making can stand in for ours.

-- What a gateway may know of the keys with these digests.
CREATE FUNCTION auth_lookup(wanted bytea[]) RETURNS TABLE (
  digest bytea, key_id text, tenant_id uuid, workspace_id uuid, name text, kind text, version bigint,
  expires_at timestamptz, revoked_at timestamptz, funds text, balance bigint,
  policy_id uuid, policy_version int, policy jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.digest, k.id, k.tenant_id, k.workspace_id, k.name, k.kind, k.version, k.expires_at, k.revoked_at, o.funds,
         (SELECT a.balance FROM ledger_accounts a WHERE a.tenant_id = k.tenant_id
           AND a.kind = CASE o.funds WHEN 'simulated' THEN 'credits_simulated' ELSE 'credits' END),
         v.policy_id, v.version, v.document
  FROM api_keys k
  JOIN organisations o ON o.tenant_id = k.tenant_id
  JOIN workspaces w ON w.id = k.workspace_id
  LEFT JOIN policies p ON p.id = COALESCE(k.policy_id, w.policy_id) AND p.archived_at IS NULL
  LEFT JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.current_version
  WHERE k.digest = ANY (wanted)
$$;

-- Changes after a number, in commit order, for the polling channel of every gateway.
CREATE FUNCTION key_events_since(after bigint, most int) RETURNS TABLE (
  sequence bigint, entity text, entity_id text, version bigint, digests bytea[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT e.sequence, e.entity, e.entity_id, e.version, e.digests FROM key_events e
  WHERE e.sequence > after ORDER BY e.sequence LIMIT most
$$;

-- Posts one balanced transaction. `entries` is [{tenant_id|null, kind, amount}], amounts as decimal strings of nano-dollars.
-- False when the business key was posted before: a replay changes nothing.
CREATE FUNCTION post_ledger(key text, reason text, entries jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO ledger_transactions (business_key, kind) VALUES (key, reason) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN false; END IF;
  WITH entry AS (
    SELECT e.tenant_id, e.kind, sum(e.amount)::bigint AS amount
    FROM jsonb_to_recordset(entries) AS e (tenant_id uuid, kind text, amount numeric)
    GROUP BY e.tenant_id, e.kind ORDER BY e.tenant_id, e.kind
  ), account AS (
    INSERT INTO ledger_accounts AS a (id, tenant_id, kind, balance)
    SELECT gen_random_uuid(), tenant_id, entry.kind, amount FROM entry
    ON CONFLICT (tenant_id, kind) DO UPDATE SET balance = a.balance + EXCLUDED.balance
    RETURNING a.id, a.tenant_id, a.kind
  )
  INSERT INTO ledger_postings (business_key, account_id, tenant_id, amount_nano)
  SELECT post_ledger.key, account.id, account.tenant_id, entry.amount
  FROM entry JOIN account ON account.kind = entry.kind AND account.tenant_id IS NOT DISTINCT FROM entry.tenant_id;
  RETURN true;
END $$;
-- One account per kind for the house too: null tenants count as equal.
DROP INDEX ledger_accounts_tenant_id_kind_key;
CREATE UNIQUE INDEX ledger_accounts_tenant_id_kind_key ON ledger_accounts (tenant_id, kind) NULLS NOT DISTINCT;

-- A day's partitions of usage and features. Row-level security on the part as on the whole, and no grant: reads go through the whole.
CREATE FUNCTION ensure_partitions(wanted date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE whole text; part text;
BEGIN
  FOREACH whole IN ARRAY ARRAY['usage_events', 'request_features'] LOOP
    part := format('%s_%s', whole, to_char(wanted, 'YYYYMMDD'));
    IF to_regclass(part) IS NULL THEN
      PERFORM pg_advisory_xact_lock(hashtext('turnpike.partitions'));
      IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, whole, wanted, wanted + 1);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
      END IF;
    END IF;
  END LOOP;
END $$;

-- Takes one batch of finished requests: rows, features, rollups and postings in one transaction. `batch` names the slice of
-- the journal, such as usage:node:segment:from-to. Returns how many rows were new; a replay returns 0 and changes nothing.
CREATE FUNCTION ship_usage(batch text, records jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE fresh int; entries jsonb; began date;
BEGIN
  FOR began IN SELECT DISTINCT (r ->> 'day')::date FROM jsonb_array_elements(records) r LOOP
    PERFORM ensure_partitions(began);
  END LOOP;

  WITH inserted AS (
    INSERT INTO usage_events
    SELECT (jsonb_populate_record(NULL::usage_events, r || jsonb_build_object('ledger_key',
              CASE WHEN r ->> 'funds' <> 'operator' AND (r ->> 'cost_nano')::bigint > 0 THEN batch END))).*
    FROM jsonb_array_elements(records) r
    ON CONFLICT DO NOTHING RETURNING *
  ), featured AS (
    INSERT INTO request_features
    SELECT (jsonb_populate_record(NULL::request_features, r || (r -> 'features'))).*
    FROM jsonb_array_elements(records) r WHERE jsonb_typeof(r -> 'features') = 'object'
    ON CONFLICT DO NOTHING
  ), rolled AS (
    INSERT INTO usage_rollups AS u
    SELECT tenant_id, date_bin('15 minutes', began_at, 'epoch'), key_id, COALESCE(model, requested_model), COALESCE(provider, ''),
           count(*), count(*) FILTER (WHERE status >= 400), sum(prompt_tokens), sum(completion_tokens), sum(cache_read_tokens),
           sum(reasoning_tokens), sum(cost_nano), COALESCE(sum(first_token_ms), 0), count(first_token_ms)
    FROM inserted GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (tenant_id, bucket, key_id, model, provider) DO UPDATE SET
      requests = u.requests + EXCLUDED.requests, failures = u.failures + EXCLUDED.failures,
      prompt_tokens = u.prompt_tokens + EXCLUDED.prompt_tokens,
      completion_tokens = u.completion_tokens + EXCLUDED.completion_tokens,
      cache_read_tokens = u.cache_read_tokens + EXCLUDED.cache_read_tokens,
      reasoning_tokens = u.reasoning_tokens + EXCLUDED.reasoning_tokens,
      cost_nano = u.cost_nano + EXCLUDED.cost_nano, first_token_ms_sum = u.first_token_ms_sum + EXCLUDED.first_token_ms_sum,
      first_token_count = u.first_token_count + EXCLUDED.first_token_count
  ), charged AS (
    SELECT i.tenant_id, CASE o.funds WHEN 'simulated' THEN '_simulated' ELSE '' END AS suffix, sum(i.cost_nano) AS amount
    FROM inserted i JOIN organisations o ON o.tenant_id = i.tenant_id WHERE i.ledger_key IS NOT NULL GROUP BY 1, 2
  ), posting AS (
    SELECT jsonb_build_object('tenant_id', tenant_id, 'kind', 'credits' || suffix, 'amount', -amount) AS entry FROM charged
    UNION ALL
    SELECT jsonb_build_object('tenant_id', NULL, 'kind', 'revenue' || suffix, 'amount', sum(amount)) FROM charged GROUP BY suffix
  )
  SELECT (SELECT count(*) FROM inserted), (SELECT jsonb_agg(entry) FROM posting) INTO fresh, entries;

  IF entries IS NOT NULL AND NOT post_ledger(batch, 'usage', entries) THEN
    RAISE EXCEPTION 'batch % was shipped before with other rows', batch;
  END IF;
  -- Whoever waits for a first request hears of it when the batch commits.
  PERFORM pg_notify('turnpike_usage', tenant) FROM (SELECT DISTINCT r ->> 'tenant_id' AS tenant FROM jsonb_array_elements(records) r) t;
  RETURN fresh;
END $$;

DO $$
DECLARE door regprocedure;
BEGIN
  -- Giving a function away needs membership in, and CREATE on the schema for, the new owner: held for this step only.
  EXECUTE format('GRANT turnpike_system TO %I', current_user);
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  FOREACH door IN ARRAY ARRAY['auth_lookup(bytea[])', 'key_events_since(bigint, int)', 'post_ledger(text, text, jsonb)',
                              'ship_usage(text, jsonb)', 'refuse_unbalanced()']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('ALTER FUNCTION %s OWNER TO turnpike_system', door);
  END LOOP;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
REVOKE ALL ON FUNCTION ensure_partitions(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(date) TO turnpike_system, turnpike_app;
GRANT EXECUTE ON FUNCTION auth_lookup(bytea[]), key_events_since(bigint, int), ship_usage(text, jsonb) TO turnpike_gateway;
GRANT EXECUTE ON FUNCTION auth_lookup(bytea[]), key_events_since(bigint, int), post_ledger(text, text, jsonb) TO turnpike_app;
