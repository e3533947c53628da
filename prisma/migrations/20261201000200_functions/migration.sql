-- Triggers, and the functions through which processes reach past one tenant or write what they may not write themselves. Those that
-- cross tenants are owned by turnpike_system and run as it. `search_path` is pinned in each, so that no object of a caller's making
-- is found before ours.

-- ── Triggers ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- History is not edited.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_postings FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON policy_versions FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON preset_versions FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON endpoint_prices FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();

-- The postings of a transaction sum to zero. The check runs at the commit, when the role of the session is in force again: hence DEFINER.
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (SELECT sum(amount_nano) FROM ledger_postings WHERE business_key = NEW.business_key) <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.business_key;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger_postings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();

-- ── Key path ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The BYOK resources of an organisation that are in force, with their secrets sealed; null: none. Runs as its caller: row-level
-- security applies. Amounts are text: a JSON number does not hold all of them.
CREATE FUNCTION byok_resources(owner uuid) RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN credentials IS NULL AND endpoints IS NULL THEN NULL
              ELSE jsonb_build_object('credentials', COALESCE(credentials, '[]'), 'endpoints', COALESCE(endpoints, '[]')) END
  FROM (SELECT
    (SELECT jsonb_agg(jsonb_build_object('id', c.id, 'version', c.secret_version, 'provider', c.provider, 'bound_to', c.bound_to,
              'placement', c.placement, 'priority', c.priority, 'share', c.share, 'models', c.models, 'keys', c.keys,
              'credit_fallback', c.credit_fallback,
              'kek', c.kek, 'wrapped', c.wrapped, 'sealed', c.sealed) ORDER BY c.created_at, c.id)
     FROM own_credentials c WHERE c.tenant_id = owner AND c.deleted_at IS NULL AND c.disabled_at IS NULL
       AND NOT c.awaits_test) AS credentials,
    (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'version', e.secret_version, 'name', e.name, 'slug', e.slug, 'dialect', e.dialect,
              'base_url', e.base_url, 'upstream_model', e.upstream_model, 'model', e.model, 'context_length', e.context_length,
              'max_completion_tokens', e.max_completion_tokens, 'supported_parameters', e.supported_parameters,
              'input_modalities', e.input_modalities, 'output_modalities', e.output_modalities, 'prompt', e.price_prompt::text,
              'completion', e.price_completion::text, 'cache_read', e.price_cache_read::text, 'request', e.price_request::text,
              'price_version', e.price_version, 'retains_prompts', e.retains_prompts, 'zero_retention', e.zero_retention,
              'regions', e.regions, 'placement', e.placement, 'priority', e.priority,
              'created', floor(extract(epoch FROM e.created_at)),
              'kek', e.kek, 'wrapped', e.wrapped, 'sealed', e.sealed) ORDER BY e.created_at, e.id)
     FROM own_endpoints e WHERE e.tenant_id = owner AND e.deleted_at IS NULL AND e.disabled_at IS NULL) AS endpoints) AS own
$$;

-- What a gateway may know of the keys with these digests. `policies` holds every policy that applies, the widest first, as
-- [{id, version, document}]; an archived policy never applies.
CREATE FUNCTION auth_lookup(wanted bytea[]) RETURNS TABLE (
  digest bytea, key_id text, tenant_id uuid, workspace_id uuid, name text, kind text, version bigint,
  expires_at timestamptz, revoked_at timestamptz, funds text, balance bigint, stale_max_s int, policies jsonb, own jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.digest, k.id, k.tenant_id, k.workspace_id, k.name, k.kind, k.version, k.expires_at, k.revoked_at, o.funds,
         (SELECT a.balance FROM ledger_accounts a WHERE a.tenant_id = k.tenant_id
           AND a.kind = CASE o.funds WHEN 'simulated' THEN 'credits_simulated' ELSE 'credits' END),
         o.stale_max_s,
         (SELECT jsonb_agg(jsonb_build_object('id', p.id, 'version', v.version, 'document', v.document) ORDER BY layer.rank)
          FROM (VALUES (1, o.policy_id), (2, w.policy_id), (3, k.policy_id)) AS layer (rank, policy_id)
          JOIN policies p ON p.id = layer.policy_id AND p.tenant_id = k.tenant_id AND p.archived_at IS NULL
          JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.current_version),
         -- A revoked key needs no resources. Most organisations have none: two index look-ups spare them the call.
         CASE WHEN k.revoked_at IS NULL AND (EXISTS (SELECT FROM own_credentials c WHERE c.tenant_id = k.tenant_id)
                                             OR EXISTS (SELECT FROM own_endpoints e WHERE e.tenant_id = k.tenant_id))
              THEN byok_resources(k.tenant_id) END
  FROM api_keys k
  JOIN organisations o ON o.tenant_id = k.tenant_id
  JOIN workspaces w ON w.id = k.workspace_id
  WHERE k.digest = ANY (wanted)
$$;

-- Changes after a number, in commit order: every gateway polls them.
CREATE FUNCTION key_events_since(after bigint, rows_max int) RETURNS TABLE (
  sequence bigint, entity text, entity_id text, version bigint, digests bytea[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT e.sequence, e.entity, e.entity_id, e.version, e.digests FROM key_events e
  WHERE e.sequence > after ORDER BY e.sequence LIMIT rows_max
$$;

-- Records which secrets a process holds. Returns a row for each secret that is not the one that the database knows by that number
-- (`differs`) and for each that keys in force need and the process lacks (`missing`). Only a process that holds secrets, all of them
-- right, counts as a holder, and only such a process adds the fingerprint of a new secret.
-- Whoever signs a key holds the same lock shared until the commit: so either the signer sees this process, or this process sees the key.
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

-- A process that has ended does not hold up the next secret.
CREATE FUNCTION withdraw_key_secrets(process uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM key_secret_holders WHERE holder = process
$$;

-- ── Usage and money ─────────────────────────────────────────────────────────────────────────────────────────────────

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

-- A day's partitions of usage and features. Row-level security on the partition as on its parent, and no grant: reads go through the
-- parent.
CREATE FUNCTION ensure_partitions(wanted date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent text; part_name text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['usage_events', 'request_features'] LOOP
    part_name := format('%s_%s', parent, to_char(wanted, 'YYYYMMDD'));
    IF to_regclass(part_name) IS NULL THEN
      PERFORM pg_advisory_xact_lock(hashtext('turnpike.partitions'));
      IF to_regclass(part_name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part_name, parent, wanted, wanted + 1);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part_name);
      END IF;
    END IF;
  END LOOP;
END $$;

-- Takes one batch of finished requests: rows, features, rollups and postings in one transaction. `batch` names the slice of the
-- journal, such as usage:node:segment:from-to; a row's `at` is the offset behind it in the segment. Returns how many rows were new;
-- a replay returns 0 and changes nothing. P0001 is an integrity alarm: its detail names the rows, as request_id:attempt, that would
-- be charged a second time. Then nothing is written.
CREATE FUNCTION ship_usage(batch text, records jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE fresh int; entries jsonb; began date; taken bigint; gone text; charged_rows text;
BEGIN
  SELECT s.taken_to INTO taken FROM shipped_segments s WHERE s.segment = split_part(batch, ':', -2) FOR UPDATE;
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
    SELECT tenant_id, date_bin('15 minutes', began_at, 'epoch'), key_id, counted_model, COALESCE(provider, ''),
           count(*), count(*) FILTER (WHERE outcome = 'failed'), count(*) FILTER (WHERE outcome = 'interrupted'),
           count(*) FILTER (WHERE outcome = 'cancelled'), count(*) FILTER (WHERE outcome = 'rejected'), sum(prompt_tokens), sum(completion_tokens), sum(cache_read_tokens),
           sum(reasoning_tokens), sum(cost_nano), COALESCE(sum(first_token_ms), 0), count(first_token_ms),
           -- Own prices are declared by tenants: no such sum stops the row that is charged.
           LEAST(COALESCE(sum(upstream_cost_nano) FILTER (WHERE owner_id IS NOT NULL), 0), 9223372036854775807),
           max(began_at)
    FROM inserted GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (tenant_id, bucket, key_id, model, provider) DO UPDATE SET
      requests = u.requests + EXCLUDED.requests, failed = u.failed + EXCLUDED.failed,
      interrupted = u.interrupted + EXCLUDED.interrupted, cancelled = u.cancelled + EXCLUDED.cancelled,
      rejected = u.rejected + EXCLUDED.rejected,
      prompt_tokens = u.prompt_tokens + EXCLUDED.prompt_tokens,
      completion_tokens = u.completion_tokens + EXCLUDED.completion_tokens,
      cache_read_tokens = u.cache_read_tokens + EXCLUDED.cache_read_tokens,
      reasoning_tokens = u.reasoning_tokens + EXCLUDED.reasoning_tokens,
      cost_nano = u.cost_nano + EXCLUDED.cost_nano, first_token_ms_sum = u.first_token_ms_sum + EXCLUDED.first_token_ms_sum,
      first_token_count = u.first_token_count + EXCLUDED.first_token_count,
      own_cost_nano = LEAST(u.own_cost_nano::numeric + EXCLUDED.own_cost_nano, 9223372036854775807),
      last_began_at = GREATEST(u.last_began_at, EXCLUDED.last_began_at)
  ), charged AS (
    SELECT i.tenant_id, CASE o.funds WHEN 'simulated' THEN '_simulated' ELSE '' END AS suffix, sum(i.cost_nano) AS amount
    FROM inserted i JOIN organisations o ON o.tenant_id = i.tenant_id WHERE i.ledger_key IS NOT NULL GROUP BY 1, 2
  ), posting AS (
    SELECT jsonb_build_object('tenant_id', tenant_id, 'kind', 'credits' || suffix, 'amount', -amount) AS entry FROM charged
    UNION ALL
    SELECT jsonb_build_object('tenant_id', NULL, 'kind', 'revenue' || suffix, 'amount', sum(amount)) FROM charged GROUP BY suffix
  )
  SELECT (SELECT count(*) FROM inserted), (SELECT jsonb_agg(entry) FROM posting),
         (SELECT string_agg(request_id || ':' || attempt, ' ') FROM inserted WHERE ledger_key IS NOT NULL),
         -- Taken before, and no longer there: its partition was dropped, or it was set aside.
         (SELECT string_agg(i.request_id || ':' || i.attempt, ' ') FROM jsonb_array_elements(records) r
            JOIN inserted i ON i.request_id = r ->> 'request_id' AND i.attempt = (r ->> 'attempt')::smallint
          WHERE (r ->> 'at')::bigint <= taken)
    INTO fresh, entries, charged_rows, gone;

  IF gone IS NOT NULL THEN
    RAISE EXCEPTION 'batch % holds rows that were taken before and are gone', batch USING DETAIL = gone;
  END IF;
  IF entries IS NOT NULL AND NOT post_ledger(batch, 'usage', entries) THEN
    RAISE EXCEPTION 'batch % was shipped before with other rows', batch USING DETAIL = charged_rows;
  END IF;
  INSERT INTO shipped_segments AS s (segment, taken_to)
    SELECT split_part(batch, ':', -2), max((r ->> 'at')::bigint) FROM jsonb_array_elements(records) r
    HAVING max((r ->> 'at')::bigint) IS NOT NULL
    ON CONFLICT (segment) DO UPDATE SET taken_to = GREATEST(s.taken_to, EXCLUDED.taken_to), shipped_at = EXCLUDED.shipped_at;
  -- The console waits for a first request: notified when the batch commits.
  PERFORM pg_notify('turnpike_usage', tenant) FROM (SELECT DISTINCT r ->> 'tenant_id' AS tenant FROM jsonb_array_elements(records) r) t;
  RETURN fresh;
END $$;

-- Deletes what is known of segments whose last batch was taken before a moment. Returns of how many.
CREATE FUNCTION forget_shipped_segments(shipped_before timestamptz) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM shipped_segments WHERE shipped_at < shipped_before RETURNING 1) SELECT count(*)::int FROM gone
$$;

-- ── Presets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What the audit log shows of a preset: never its content.
CREATE FUNCTION preset_shown(preset presets) RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('slug', preset.slug, 'name', preset.name, 'description', preset.description,
                            'status', preset.status, 'designatedVersion', preset.designated_version)
$$;

-- Records a change of a preset as store/changes/mutate.ts does for the other versioned tables: an audit entry, and an event whose
-- number is drawn last and locked until the commit. The actor is the key, which the tenant knows by its id.
CREATE FUNCTION record_preset_change(changed presets, by_key text, what text, was jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE number bigint;
BEGIN
  INSERT INTO audit_entries (tenant_id, actor, action, entity, entity_id, before, after)
    VALUES (changed.tenant_id, by_key, what, 'presets', changed.id, was, preset_shown(changed));
  UPDATE event_counter SET sequence = sequence + 1 RETURNING sequence INTO number;
  INSERT INTO key_events (sequence, tenant_id, entity, entity_id, version, digests)
    VALUES (number, changed.tenant_id, 'presets', changed.id, changed.version, '{}');
END $$;

-- Makes a preset in the workspace of a key of the current tenant, or a new version of it, in force from the commit on. Content that is
-- in force already makes no version. Returns `created`, `versioned`, `same`, or why not: `archived`, `presets_full`, `versions_full`;
-- null when the tenant has no such key in force.
CREATE FUNCTION save_preset(by_key text, wanted text, content json, prompt text, presets_max int, versions_max int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE maker api_keys; preset presets; was jsonb; newest int;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('turnpike.mutate'), hashtext(current_tenant()::text));
  SELECT * INTO maker FROM api_keys WHERE id = by_key AND tenant_id = current_tenant() AND revoked_at IS NULL;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO preset FROM presets WHERE workspace_id = maker.workspace_id AND slug = wanted FOR UPDATE;
  IF FOUND THEN
    IF preset.status = 'archived' THEN RETURN 'archived'; END IF;
    PERFORM FROM preset_versions v WHERE v.preset_id = preset.id AND v.version = preset.designated_version
      AND v.config::text = content::text AND v.system_prompt IS NOT DISTINCT FROM prompt;
    IF FOUND THEN RETURN 'same'; END IF;
    SELECT max(v.version) INTO newest FROM preset_versions v WHERE v.preset_id = preset.id;
    IF newest >= versions_max THEN RETURN 'versions_full'; END IF;
    was := preset_shown(preset);
    UPDATE presets SET designated_version = newest + 1, version = presets.version + 1, updated_at = now()
      WHERE id = preset.id RETURNING * INTO preset;
  ELSE
    IF (SELECT count(*) FROM presets WHERE workspace_id = maker.workspace_id) >= presets_max THEN RETURN 'presets_full'; END IF;
    INSERT INTO presets (id, tenant_id, workspace_id, slug, name, created_by)
      VALUES (gen_random_uuid(), maker.tenant_id, maker.workspace_id, wanted, wanted, maker.created_by) RETURNING * INTO preset;
  END IF;
  INSERT INTO preset_versions (id, tenant_id, preset_id, version, config, system_prompt, author, author_key)
    VALUES (gen_random_uuid(), preset.tenant_id, preset.id, preset.designated_version, content, prompt, maker.created_by, maker.id);
  PERFORM record_preset_change(preset, by_key, CASE WHEN was IS NULL THEN 'preset.create' ELSE 'preset.version' END, was);
  RETURN CASE WHEN was IS NULL THEN 'created' ELSE 'versioned' END;
END $$;

-- Changes a preset's `name`, `description`, `status` or `designated_version`: those that `change` has. Returns `changed`, `same` or
-- `version_unknown`; null when the key's workspace has no such preset.
CREATE FUNCTION change_preset(by_key text, wanted text, change jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE preset presets; was jsonb; updated presets;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('turnpike.mutate'), hashtext(current_tenant()::text));
  SELECT p.* INTO preset FROM presets p JOIN api_keys k ON k.workspace_id = p.workspace_id
    WHERE k.id = by_key AND k.tenant_id = current_tenant() AND k.revoked_at IS NULL AND p.slug = wanted FOR UPDATE OF p;
  IF NOT FOUND THEN RETURN NULL; END IF;
  updated := jsonb_populate_record(preset, change);
  PERFORM FROM preset_versions WHERE preset_id = preset.id AND version = updated.designated_version;
  IF NOT FOUND THEN RETURN 'version_unknown'; END IF;
  was := preset_shown(preset);
  IF preset_shown(updated) = was THEN RETURN 'same'; END IF;
  UPDATE presets p SET name = updated.name, description = updated.description, status = updated.status,
      designated_version = updated.designated_version, version = p.version + 1, updated_at = now(),
      status_updated_at = CASE WHEN updated.status <> preset.status THEN now() ELSE p.status_updated_at END
    WHERE id = preset.id RETURNING * INTO preset;
  PERFORM record_preset_change(preset, by_key, 'preset.change', was);
  RETURN 'changed';
END $$;

-- ── What-if runs ────────────────────────────────────────────────────────────────────────────────────────────────────

-- The oldest unfinished run of each tenant that no worker runs one for. A worker whose last heartbeat is older than `seen_since` is gone.
CREATE FUNCTION waiting_what_ifs(seen_since timestamptz) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT ON (w.tenant_id) w.tenant_id, w.id FROM what_if_runs w
  WHERE w.state IN ('queued', 'running') AND NOT EXISTS (
    SELECT 1 FROM what_if_runs r WHERE r.tenant_id = w.tenant_id AND r.state = 'running' AND r.beat_at >= seen_since)
  ORDER BY w.tenant_id, w.created_at, w.id
$$;

-- Deletes runs of all tenants that were made before a moment. Returns how many.
CREATE FUNCTION forget_what_ifs(made_before timestamptz) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM what_if_runs WHERE created_at < made_before RETURNING 1) SELECT count(*)::int FROM gone
$$;

-- ── Key-encryption keys ─────────────────────────────────────────────────────────────────────────────────────────────

-- How many secrets each key-encryption key still wraps: a key that wraps none may be dropped.
CREATE FUNCTION own_secrets_by_kek() RETURNS TABLE (kek int, secrets bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.kek::int, count(*) FROM (SELECT c.kek FROM own_credentials c UNION ALL SELECT e.kek FROM own_endpoints e) s
  WHERE s.kek IS NOT NULL GROUP BY s.kek ORDER BY s.kek
$$;

-- Tenants that have secrets under one of these key-encryption keys, in order, those after `after`.
CREATE FUNCTION own_tenants_under(keks int[], after uuid, rows_max int) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id FROM (
    SELECT c.tenant_id FROM own_credentials c WHERE c.kek = ANY (keks)
    UNION SELECT e.tenant_id FROM own_endpoints e WHERE e.kek = ANY (keks)) s
  WHERE after IS NULL OR s.tenant_id > after ORDER BY s.tenant_id LIMIT rows_max
$$;

-- ── Owners and grants ───────────────────────────────────────────────────────────────────────────────────────────────

DO $$
DECLARE fn regprocedure;
BEGIN
  -- Giving a function away needs membership in the new owner, and of the new owner CREATE on the schema: for this step only.
  EXECUTE format('GRANT turnpike_system TO %I', current_user);
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  FOREACH fn IN ARRAY ARRAY[
    'refuse_unbalanced()', 'auth_lookup(bytea[])', 'key_events_since(bigint, int)',
    'announce_key_secrets(uuid, text, int[], bytea[])', 'withdraw_key_secrets(uuid)', 'post_ledger(text, text, jsonb)',
    'ship_usage(text, jsonb)', 'forget_shipped_segments(timestamptz)', 'preset_shown(presets)', 'record_preset_change(presets, text, text, jsonb)',
    'save_preset(text, text, json, text, int, int)', 'change_preset(text, text, jsonb)', 'waiting_what_ifs(timestamptz)',
    'forget_what_ifs(timestamptz)', 'own_secrets_by_kek()', 'own_tenants_under(int[], uuid, int)']::regprocedure[]
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', fn);
    EXECUTE format('ALTER FUNCTION %s OWNER TO turnpike_system', fn);
  END LOOP;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
-- These two belong to the owner of the tables: one makes tables, the other runs as its caller.
REVOKE ALL ON FUNCTION ensure_partitions(date), byok_resources(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(date), byok_resources(uuid) TO turnpike_system, turnpike_app;

GRANT EXECUTE ON FUNCTION auth_lookup(bytea[]), key_events_since(bigint, int), announce_key_secrets(uuid, text, int[], bytea[]),
  withdraw_key_secrets(uuid) TO turnpike_gateway, turnpike_app;
GRANT EXECUTE ON FUNCTION ship_usage(text, jsonb), save_preset(text, text, json, text, int, int), change_preset(text, text, jsonb)
  TO turnpike_gateway;
GRANT EXECUTE ON FUNCTION post_ledger(text, text, jsonb), forget_shipped_segments(timestamptz), waiting_what_ifs(timestamptz),
  forget_what_ifs(timestamptz),
  own_secrets_by_kek(), own_tenants_under(int[], uuid, int) TO turnpike_app;
