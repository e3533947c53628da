-- What was spent by tenants' own accounts, which their providers bill: added up beside what credits paid.
ALTER TABLE usage_rollups ADD COLUMN "own_cost_nano" BIGINT NOT NULL DEFAULT 0;

-- As before, with that sum. Takes one batch of finished requests: rows, features, rollups and postings in one transaction. `batch` names
-- the slice of the journal, such as usage:node:segment:from-to. Returns how many rows were new; a replay returns 0 and changes nothing.
CREATE OR REPLACE FUNCTION ship_usage(batch text, records jsonb) RETURNS int
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
           sum(reasoning_tokens), sum(cost_nano), COALESCE(sum(first_token_ms), 0), count(first_token_ms),
           COALESCE(sum(upstream_cost_nano) FILTER (WHERE owner_id IS NOT NULL), 0)
    FROM inserted GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (tenant_id, bucket, key_id, model, provider) DO UPDATE SET
      requests = u.requests + EXCLUDED.requests, failures = u.failures + EXCLUDED.failures,
      prompt_tokens = u.prompt_tokens + EXCLUDED.prompt_tokens,
      completion_tokens = u.completion_tokens + EXCLUDED.completion_tokens,
      cache_read_tokens = u.cache_read_tokens + EXCLUDED.cache_read_tokens,
      reasoning_tokens = u.reasoning_tokens + EXCLUDED.reasoning_tokens,
      cost_nano = u.cost_nano + EXCLUDED.cost_nano, first_token_ms_sum = u.first_token_ms_sum + EXCLUDED.first_token_ms_sum,
      first_token_count = u.first_token_count + EXCLUDED.first_token_count,
      own_cost_nano = u.own_cost_nano + EXCLUDED.own_cost_nano
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

-- What went by own accounts until now. Rows of all tenants are seen by the system alone.
SET ROLE turnpike_system;
UPDATE usage_rollups u SET own_cost_nano = o.spent
FROM (SELECT tenant_id, date_bin('15 minutes', began_at, 'epoch') AS bucket, key_id, COALESCE(model, requested_model) AS model,
             COALESCE(provider, '') AS provider, sum(upstream_cost_nano) AS spent
      FROM usage_events WHERE owner_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5) o
WHERE (u.tenant_id, u.bucket, u.key_id, u.model, u.provider) = (o.tenant_id, o.bucket, o.key_id, o.model, o.provider);
RESET ROLE;
