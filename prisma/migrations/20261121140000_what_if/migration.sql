-- A policy tried out on recorded requests: the wish, how far it is, and the report.
CREATE TABLE "what_if_runs" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "created_by" UUID,
    "policy_id" UUID,
    "policy_version" INTEGER,
    "document" JSONB NOT NULL,
    "key_id" TEXT,
    "from_at" TIMESTAMPTZ NOT NULL,
    "to_at" TIMESTAMPTZ NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "rows_total" INTEGER NOT NULL,
    "rows_done" INTEGER NOT NULL DEFAULT 0,
    "claim" UUID,
    "claims" INTEGER NOT NULL DEFAULT 0,
    "beat_at" TIMESTAMPTZ,
    "problem" TEXT,
    "report" JSONB,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ,

    CONSTRAINT "what_if_runs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "what_if_runs_tenant_id_created_at_idx" ON "what_if_runs"("tenant_id", "created_at" DESC);
ALTER TABLE what_if_runs ADD CONSTRAINT known_state CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled'));
-- Those that somebody waits for, of all tenants, are looked through every minute.
CREATE INDEX what_if_runs_open ON what_if_runs (created_at) WHERE state IN ('queued', 'running');

ALTER TABLE what_if_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE what_if_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON what_if_runs USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY whole_system ON what_if_runs TO turnpike_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON what_if_runs TO turnpike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON what_if_runs TO turnpike_system;

-- Runs that wait though nobody works for their tenant, the oldest of each; among them those whose worker was last heard of
-- before `heard_since`.
CREATE FUNCTION waiting_what_ifs(heard_since timestamptz) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT ON (w.tenant_id) w.tenant_id, w.id FROM what_if_runs w
  WHERE w.state IN ('queued', 'running') AND NOT EXISTS (
    SELECT 1 FROM what_if_runs r WHERE r.tenant_id = w.tenant_id AND r.state = 'running' AND r.beat_at >= heard_since)
  ORDER BY w.tenant_id, w.created_at, w.id
$$;

-- Deletes runs that were made before a moment, of all tenants; says how many.
CREATE FUNCTION forget_what_ifs(made_before timestamptz) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (DELETE FROM what_if_runs WHERE created_at < made_before RETURNING 1) SELECT count(*)::int FROM gone
$$;

DO $$
DECLARE door regprocedure;
BEGIN
  -- Giving a function away needs membership in, and CREATE on the schema for, the new owner: held for this step only.
  EXECUTE format('GRANT turnpike_system TO %I', current_user);
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  FOREACH door IN ARRAY ARRAY['waiting_what_ifs(timestamptz)', 'forget_what_ifs(timestamptz)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('ALTER FUNCTION %s OWNER TO turnpike_system', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO turnpike_app', door);
  END LOOP;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
