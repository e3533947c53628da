-- Who may do what. Three roles without a login; the processes log in as members of the first two.
--   turnpike_app      control and worker: tables, one tenant at a time
--   turnpike_gateway  the data plane: functions, the catalogue, and one tenant's usage to read
--   turnpike_system   owns the functions that cross tenants; nobody logs in as it
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

GRANT SELECT, INSERT, UPDATE, DELETE ON organisations, workspaces, users, memberships, sessions, email_verifications,
  api_keys, policies TO turnpike_app;
GRANT SELECT, INSERT ON policy_versions, key_events, audit_entries, health_minutes, secret_fingerprints TO turnpike_app;
GRANT SELECT, UPDATE ON event_counter TO turnpike_app;
GRANT USAGE ON SEQUENCE audit_entries_id_seq TO turnpike_app;
GRANT SELECT ON usage_events, request_features, usage_rollups, ledger_accounts, ledger_postings TO turnpike_app;
GRANT SELECT ON models, providers, endpoints, endpoint_prices, catalogue_version TO turnpike_app, turnpike_gateway;
GRANT SELECT ON usage_events, usage_rollups, event_counter TO turnpike_gateway;
GRANT SELECT, INSERT ON health_minutes, secret_fingerprints TO turnpike_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO turnpike_system;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO turnpike_system;

INSERT INTO event_counter (id, sequence) VALUES (true, 0);
INSERT INTO catalogue_version (id, version) VALUES (true, 1);

-- History is not edited.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_postings FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON policy_versions FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON endpoint_prices FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();

-- The postings of a transaction sum to zero, checked when it commits: then the session's role is in force again, hence DEFINER.
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (SELECT sum(amount_nano) FROM ledger_postings WHERE business_key = NEW.business_key) <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.business_key;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger_postings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();
