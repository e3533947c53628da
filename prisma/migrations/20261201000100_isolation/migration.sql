-- Who may do what. Three roles without a login; the processes log in as members of the first two.
--   turnpike_app      control and worker: tables, one tenant at a time
--   turnpike_gateway  the data plane: functions, the catalogue, and one tenant's usage and presets to read
--   turnpike_system   owns the functions that cross tenants; nobody logs in as it
-- Roles belong to the server, which may hold several databases: one that exists stays.
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['turnpike_app', 'turnpike_gateway', 'turnpike_system'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO turnpike_app, turnpike_gateway, turnpike_system;

-- ── Row-level security ──────────────────────────────────────────────────────────────────────────────────────────────

-- The tenant of this transaction. NULLIF: a setting that was reset is an empty string, and the cast would throw.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT NULLIF(current_setting('app.tenant', true), '')::uuid $$;
-- The signed-in person, who may see the memberships that are theirs.
CREATE FUNCTION current_person() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT NULLIF(current_setting('app.user', true), '')::uuid $$;

-- Forced row-level security on every table with a tenant: even the owner of the tables sees one tenant at a time.
DO $$
DECLARE name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY whole_system ON %I TO turnpike_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
CREATE POLICY own_memberships ON memberships FOR SELECT USING (user_id = current_person());
CREATE POLICY organisations_of_members ON organisations FOR SELECT
  USING (EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = organisations.tenant_id AND m.user_id = current_person()));

-- ── Grants to control and worker ────────────────────────────────────────────────────────────────────────────────────

GRANT SELECT, INSERT, UPDATE, DELETE ON organisations, workspaces, users, memberships, sessions, email_verifications,
  password_resets, api_keys, policies, own_tests TO turnpike_app;
-- Credentials and endpoints are marked as deleted: usage refers to them.
GRANT SELECT, INSERT, UPDATE ON own_credentials, own_endpoints, what_if_runs TO turnpike_app;
-- History is added to and never edited.
GRANT SELECT, INSERT ON policy_versions, key_events, audit_entries, health_minutes, secret_fingerprints TO turnpike_app;
GRANT USAGE ON SEQUENCE audit_entries_id_seq TO turnpike_app;
GRANT SELECT, UPDATE ON event_counter, catalogue_version TO turnpike_app;
-- Written by functions only.
GRANT SELECT ON presets, preset_versions, usage_events, request_features, usage_rollups, ledger_accounts, ledger_postings,
  key_secret_holders TO turnpike_app;
-- Control and worker publish imports of the catalogue. Prices are added and never edited, endpoints switched off and never deleted.
-- Only the owner of the tables may change the address of a provider: the operator's credentials are sent there.
GRANT SELECT, INSERT, UPDATE ON models, endpoints, catalogue_drafts TO turnpike_app;
GRANT SELECT, INSERT ON providers, endpoint_prices TO turnpike_app;
GRANT UPDATE (name, retains_prompts, zero_retention, regions, failure_domain, origin) ON providers TO turnpike_app;

-- ── Grants to gateways ──────────────────────────────────────────────────────────────────────────────────────────────

GRANT SELECT ON models, providers, endpoints, endpoint_prices, catalogue_version, event_counter, usage_events, usage_rollups, presets,
  preset_versions TO turnpike_gateway;
GRANT SELECT, INSERT ON health_minutes, secret_fingerprints TO turnpike_gateway;

-- ── Grants to the owner of the functions ────────────────────────────────────────────────────────────────────────────

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO turnpike_system;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO turnpike_system;
-- Presets are archived, and their versions never edited.
REVOKE DELETE ON presets FROM turnpike_system;
REVOKE UPDATE, DELETE ON preset_versions FROM turnpike_system;
