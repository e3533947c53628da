-- A policy of the whole organisation, beside those of workspaces and keys.
ALTER TABLE "organisations" ADD COLUMN "policy_id" UUID;
-- The management key that saved a version; `author` is for people.
ALTER TABLE "policy_versions" ADD COLUMN "author_key" TEXT;

-- What is attached is the tenant's own: a foreign key does not see row-level security, so the tenant is part of it.
CREATE UNIQUE INDEX "policies_tenant_id_id_key" ON "policies"("tenant_id", "id");
ALTER TABLE "organisations" ADD CONSTRAINT "organisations_tenant_id_policy_id_fkey" FOREIGN KEY ("tenant_id", "policy_id")
  REFERENCES "policies"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "workspaces" ADD CONSTRAINT "workspaces_tenant_id_policy_id_fkey" FOREIGN KEY ("tenant_id", "policy_id")
  REFERENCES "policies"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_policy_id_fkey" FOREIGN KEY ("tenant_id", "policy_id")
  REFERENCES "policies"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- Whose keys a policy concerns is asked at each of its versions.
CREATE INDEX "api_keys_policy_id_idx" ON "api_keys"("policy_id");

-- What a gateway may know of a key: now with every policy that applies, the widest first, as [{id, version, document}]. An
-- archived one never applies. The type of the answer changes, so it is made anew, with the same rights.
DO $$ BEGIN EXECUTE format('GRANT turnpike_system TO %I', current_user); END $$;
DROP FUNCTION auth_lookup(bytea[]);
CREATE FUNCTION auth_lookup(wanted bytea[]) RETURNS TABLE (
  digest bytea, key_id text, tenant_id uuid, workspace_id uuid, name text, kind text, version bigint,
  expires_at timestamptz, revoked_at timestamptz, funds text, balance bigint, stale_max_s int, policies jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.digest, k.id, k.tenant_id, k.workspace_id, k.name, k.kind, k.version, k.expires_at, k.revoked_at, o.funds,
         (SELECT a.balance FROM ledger_accounts a WHERE a.tenant_id = k.tenant_id
           AND a.kind = CASE o.funds WHEN 'simulated' THEN 'credits_simulated' ELSE 'credits' END),
         o.stale_max_s,
         (SELECT jsonb_agg(jsonb_build_object('id', p.id, 'version', v.version, 'document', v.document) ORDER BY layer.place)
          FROM (VALUES (1, o.policy_id), (2, w.policy_id), (3, k.policy_id)) AS layer (place, policy_id)
          JOIN policies p ON p.id = layer.policy_id AND p.tenant_id = k.tenant_id AND p.archived_at IS NULL
          JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.current_version)
  FROM api_keys k
  JOIN organisations o ON o.tenant_id = k.tenant_id
  JOIN workspaces w ON w.id = k.workspace_id
  WHERE k.digest = ANY (wanted)
$$;

DO $$
BEGIN
  -- Giving a function away needs CREATE on the schema for the new owner: held for this step only.
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  REVOKE ALL ON FUNCTION auth_lookup(bytea[]) FROM PUBLIC;
  ALTER FUNCTION auth_lookup(bytea[]) OWNER TO turnpike_system;
  GRANT EXECUTE ON FUNCTION auth_lookup(bytea[]) TO turnpike_gateway, turnpike_app;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
