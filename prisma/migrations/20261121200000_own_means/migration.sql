-- What tenants bring along: credentials at providers, and endpoints of their own.
CREATE TABLE "own_credentials" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "bound_to" TEXT NOT NULL,
    "placement" TEXT NOT NULL,
    "priority" SMALLINT NOT NULL,
    "share" SMALLINT NOT NULL,
    "models" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "keys" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "secret_version" INTEGER NOT NULL DEFAULT 1,
    "kek" SMALLINT,
    "wrapped" TEXT,
    "sealed" TEXT,
    "last_four" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "created_by" UUID,
    "created_by_key" TEXT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disabled_at" TIMESTAMPTZ,
    "deleted_at" TIMESTAMPTZ,
    "version" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "own_credentials_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "own_credentials_tenant_id_idx" ON "own_credentials"("tenant_id");
-- A secret is there as a whole, and goes with its row.
ALTER TABLE own_credentials
  ADD CONSTRAINT own_credential_fits CHECK (
    length(name) BETWEEN 1 AND 80 AND placement IN ('first', 'fallback') AND priority BETWEEN 0 AND 99 AND share BETWEEN 1 AND 1000
    AND cardinality(models) <= 100 AND cardinality(keys) <= 100),
  ADD CONSTRAINT own_credential_sealed CHECK (
    num_nonnulls(kek, wrapped, sealed) = CASE WHEN deleted_at IS NULL THEN 3 ELSE 0 END);

CREATE TABLE "own_endpoints" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "base_url" TEXT NOT NULL,
    "upstream_model" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "context_length" INTEGER NOT NULL,
    "max_completion_tokens" INTEGER,
    "supported_parameters" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "input_modalities" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "output_modalities" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "price_prompt" BIGINT NOT NULL,
    "price_completion" BIGINT NOT NULL,
    "price_cache_read" BIGINT,
    "price_request" BIGINT NOT NULL,
    "price_version" INTEGER NOT NULL DEFAULT 1,
    "retains_prompts" BOOLEAN NOT NULL,
    "zero_retention" BOOLEAN NOT NULL,
    "placement" TEXT NOT NULL,
    "priority" SMALLINT NOT NULL,
    "secret_version" INTEGER NOT NULL DEFAULT 1,
    "kek" SMALLINT,
    "wrapped" TEXT,
    "sealed" TEXT,
    "last_four" TEXT,
    "fingerprint" TEXT,
    "created_by" UUID,
    "created_by_key" TEXT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disabled_at" TIMESTAMPTZ,
    "deleted_at" TIMESTAMPTZ,
    "version" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "own_endpoints_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "own_endpoints_tenant_id_idx" ON "own_endpoints"("tenant_id");
ALTER TABLE own_endpoints
  ADD CONSTRAINT own_endpoint_fits CHECK (
    length(name) BETWEEN 1 AND 80 AND slug ~ '^[a-z0-9-]{1,40}$' AND placement IN ('first', 'fallback')
    AND priority BETWEEN 0 AND 99 AND context_length > 0 AND max_completion_tokens > 0
    AND least(price_prompt, price_completion, price_cache_read, price_request) >= 0),
  ADD CONSTRAINT own_endpoint_sealed CHECK (
    num_nonnulls(kek, wrapped, sealed) IN (0, CASE WHEN deleted_at IS NULL THEN 3 ELSE 0 END));
-- What is deleted gives its name back.
CREATE UNIQUE INDEX own_endpoints_slug_in_use ON own_endpoints (tenant_id, slug) WHERE deleted_at IS NULL;

-- A rotation looks for what an old key still wraps, of all tenants, batch by batch.
CREATE INDEX own_credentials_by_kek ON own_credentials (kek, tenant_id) WHERE kek IS NOT NULL;
CREATE INDEX own_endpoints_by_kek ON own_endpoints (kek, tenant_id) WHERE kek IS NOT NULL;

-- What the last test call of each found. Not a change of it: apart, so that a test neither raises a version nor tells a gateway.
CREATE TABLE "own_tests" (
    "own_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "secret_version" INTEGER NOT NULL,
    "result" TEXT NOT NULL,
    "status" SMALLINT,
    "tested_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "own_tests_pkey" PRIMARY KEY ("own_id")
);
CREATE INDEX "own_tests_tenant_id_idx" ON "own_tests"("tenant_id");
ALTER TABLE own_tests ADD CONSTRAINT own_test_result CHECK (result IN ('ok', 'refused', 'unreachable', 'limited', 'unknown'));

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['own_credentials', 'own_endpoints', 'own_tests'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY whole_system ON %I TO turnpike_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
-- Rows stay for what is on record; only test results are deleted.
GRANT SELECT, INSERT, UPDATE ON own_credentials, own_endpoints TO turnpike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON own_tests TO turnpike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON own_credentials, own_endpoints, own_tests TO turnpike_system;

-- Whose account a request went by, and which preset it named. `ship_usage` fills whatever columns the table has; rows of gateways
-- that know none of these have null in them.
ALTER TABLE "usage_events" ADD COLUMN "owner_id" UUID, ADD COLUMN "preset_id" UUID, ADD COLUMN "preset_version" INTEGER;

-- What an organisation has in force, with the secrets as they are sealed; null when it has nothing. Sees what its caller may see.
-- Amounts are text: a number of JSON does not hold all of them.
CREATE FUNCTION byok_resources(owner uuid) RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN credentials IS NULL AND endpoints IS NULL THEN NULL
              ELSE jsonb_build_object('credentials', COALESCE(credentials, '[]'), 'endpoints', COALESCE(endpoints, '[]')) END
  FROM (SELECT
    (SELECT jsonb_agg(jsonb_build_object('id', c.id, 'version', c.secret_version, 'provider', c.provider, 'bound_to', c.bound_to,
              'placement', c.placement, 'priority', c.priority, 'share', c.share, 'models', c.models, 'keys', c.keys,
              'kek', c.kek, 'wrapped', c.wrapped, 'sealed', c.sealed) ORDER BY c.created_at, c.id)
     FROM own_credentials c WHERE c.tenant_id = owner AND c.deleted_at IS NULL AND c.disabled_at IS NULL) AS credentials,
    (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'version', e.secret_version, 'name', e.name, 'slug', e.slug, 'dialect', e.dialect,
              'base_url', e.base_url, 'upstream_model', e.upstream_model, 'model', e.model, 'context_length', e.context_length,
              'max_completion_tokens', e.max_completion_tokens, 'supported_parameters', e.supported_parameters,
              'input_modalities', e.input_modalities, 'output_modalities', e.output_modalities, 'prompt', e.price_prompt::text,
              'completion', e.price_completion::text, 'cache_read', e.price_cache_read::text, 'request', e.price_request::text,
              'price_version', e.price_version, 'retains_prompts', e.retains_prompts, 'zero_retention', e.zero_retention,
              'placement', e.placement, 'priority', e.priority, 'created', floor(extract(epoch FROM e.created_at)),
              'kek', e.kek, 'wrapped', e.wrapped, 'sealed', e.sealed) ORDER BY e.created_at, e.id)
     FROM own_endpoints e WHERE e.tenant_id = owner AND e.deleted_at IS NULL AND e.disabled_at IS NULL) AS endpoints) AS own
$$;

-- What a gateway may know of a key grows by what its organisation brings along. The type of the answer changes, so it is made anew,
-- with the same rights.
DO $$ BEGIN EXECUTE format('GRANT turnpike_system TO %I', current_user); END $$;
DROP FUNCTION auth_lookup(bytea[]);
CREATE FUNCTION auth_lookup(wanted bytea[]) RETURNS TABLE (
  digest bytea, key_id text, tenant_id uuid, workspace_id uuid, name text, kind text, version bigint,
  expires_at timestamptz, revoked_at timestamptz, funds text, balance bigint, stale_max_s int, policies jsonb, own jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.digest, k.id, k.tenant_id, k.workspace_id, k.name, k.kind, k.version, k.expires_at, k.revoked_at, o.funds,
         (SELECT a.balance FROM ledger_accounts a WHERE a.tenant_id = k.tenant_id
           AND a.kind = CASE o.funds WHEN 'simulated' THEN 'credits_simulated' ELSE 'credits' END),
         o.stale_max_s,
         (SELECT jsonb_agg(jsonb_build_object('id', p.id, 'version', v.version, 'document', v.document) ORDER BY layer.place)
          FROM (VALUES (1, o.policy_id), (2, w.policy_id), (3, k.policy_id)) AS layer (place, policy_id)
          JOIN policies p ON p.id = layer.policy_id AND p.tenant_id = k.tenant_id AND p.archived_at IS NULL
          JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.current_version),
         -- A revoked key is told to nobody any more, and needs nothing. Most have nothing: two looks into an index spare them the call.
         CASE WHEN k.revoked_at IS NULL AND (EXISTS (SELECT FROM own_credentials c WHERE c.tenant_id = k.tenant_id)
                                             OR EXISTS (SELECT FROM own_endpoints e WHERE e.tenant_id = k.tenant_id))
              THEN byok_resources(k.tenant_id) END
  FROM api_keys k
  JOIN organisations o ON o.tenant_id = k.tenant_id
  JOIN workspaces w ON w.id = k.workspace_id
  WHERE k.digest = ANY (wanted)
$$;

-- How many secrets each key-encryption key still wraps: one may be dropped when it wraps none.
CREATE FUNCTION own_secrets_by_kek() RETURNS TABLE (kek int, secrets bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.kek::int, count(*) FROM (SELECT c.kek FROM own_credentials c UNION ALL SELECT e.kek FROM own_endpoints e) s
  WHERE s.kek IS NOT NULL GROUP BY s.kek ORDER BY s.kek
$$;

-- Tenants after one, in order, that have secrets under one of these key-encryption keys.
CREATE FUNCTION own_tenants_under(keks int[], after uuid, most int) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id FROM (
    SELECT c.tenant_id FROM own_credentials c WHERE c.kek = ANY (keks)
    UNION SELECT e.tenant_id FROM own_endpoints e WHERE e.kek = ANY (keks)) s
  WHERE after IS NULL OR s.tenant_id > after ORDER BY s.tenant_id LIMIT most
$$;

DO $$
DECLARE door regprocedure;
BEGIN
  -- Giving a function away needs CREATE on the schema for the new owner: held for this step only.
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  FOREACH door IN ARRAY ARRAY['auth_lookup(bytea[])', 'own_secrets_by_kek()', 'own_tenants_under(int[], uuid, int)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('ALTER FUNCTION %s OWNER TO turnpike_system', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO turnpike_app', door);
  END LOOP;
  GRANT EXECUTE ON FUNCTION auth_lookup(bytea[]) TO turnpike_gateway;
  REVOKE ALL ON FUNCTION byok_resources(uuid) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION byok_resources(uuid) TO turnpike_app, turnpike_system;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
