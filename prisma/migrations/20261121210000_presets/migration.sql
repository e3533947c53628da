-- Named configurations of requests, of a workspace. What one holds stands in its versions.
CREATE TABLE "presets" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "status" TEXT NOT NULL DEFAULT 'active',
    "designated_version" INTEGER NOT NULL DEFAULT 1,
    "version" BIGINT NOT NULL DEFAULT 1,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status_updated_at" TIMESTAMPTZ,

    CONSTRAINT "presets_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "presets_workspace_id_slug_key" ON "presets"("workspace_id", "slug");
CREATE UNIQUE INDEX "presets_tenant_id_id_key" ON "presets"("tenant_id", "id");
ALTER TABLE "presets" ADD CONSTRAINT "presets_workspace_id_fkey" FOREIGN KEY ("workspace_id")
  REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE presets ADD CONSTRAINT known_status CHECK (status IN ('active', 'disabled', 'archived'));

-- Never edited. The configuration is json and not jsonb, which would lose the order of the members of a schema.
CREATE TABLE "preset_versions" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "preset_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "config" JSON NOT NULL,
    "system_prompt" TEXT,
    "author" UUID,
    "author_key" TEXT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "preset_versions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "preset_versions_preset_id_version_key" ON "preset_versions"("preset_id", "version");
ALTER TABLE "preset_versions" ADD CONSTRAINT "preset_versions_tenant_id_preset_id_fkey" FOREIGN KEY ("tenant_id", "preset_id")
  REFERENCES "presets"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON preset_versions FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['presets', 'preset_versions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
    EXECUTE format('CREATE POLICY whole_system ON %I TO turnpike_system USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT ON %I TO turnpike_app, turnpike_gateway', name);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON presets TO turnpike_system;
GRANT SELECT, INSERT ON preset_versions TO turnpike_system;

-- What the audit log shows of a preset: never what it holds.
CREATE FUNCTION preset_shown(preset presets) RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object('slug', preset.slug, 'name', preset.name, 'description', preset.description,
                            'status', preset.status, 'designatedVersion', preset.designated_version)
$$;

-- Notes a change of a preset as the door of versioned tables does: an audit entry, and an event whose number is drawn last and held
-- until the commit. The actor is the key, which the tenant knows by its id.
CREATE FUNCTION note_preset(changed presets, by_key text, what text, was jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE number bigint;
BEGIN
  INSERT INTO audit_entries (tenant_id, actor, action, entity, entity_id, before, after)
    VALUES (changed.tenant_id, by_key, what, 'presets', changed.id, was, preset_shown(changed));
  UPDATE event_counter SET sequence = sequence + 1 RETURNING sequence INTO number;
  INSERT INTO key_events (sequence, tenant_id, entity, entity_id, version, digests)
    VALUES (number, changed.tenant_id, 'presets', changed.id, changed.version, '{}');
END $$;

-- Makes a preset of the workspace of a key of the current tenant, or a new version of it that is in force from the commit on. What
-- is in force already makes no version. Answers `created`, `versioned`, `same`, or what stands in the way: `archived`, `presets_full`,
-- `versions_full`; nothing when the tenant has no such key in force.
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
  PERFORM note_preset(preset, by_key, CASE WHEN was IS NULL THEN 'preset.create' ELSE 'preset.version' END, was);
  RETURN CASE WHEN was IS NULL THEN 'created' ELSE 'versioned' END;
END $$;

-- Changes what is said of a preset and which of its versions is in force: members of `change` that are there, of `name`,
-- `description`, `status`, `designated_version`. Answers `changed`, `same`, `version_unknown`; nothing when there is no such preset in
-- the key's workspace.
CREATE FUNCTION change_preset(by_key text, wanted text, change jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE preset presets; was jsonb; wish presets;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('turnpike.mutate'), hashtext(current_tenant()::text));
  SELECT p.* INTO preset FROM presets p JOIN api_keys k ON k.workspace_id = p.workspace_id
    WHERE k.id = by_key AND k.tenant_id = current_tenant() AND k.revoked_at IS NULL AND p.slug = wanted FOR UPDATE OF p;
  IF NOT FOUND THEN RETURN NULL; END IF;
  wish := jsonb_populate_record(preset, change);
  PERFORM FROM preset_versions WHERE preset_id = preset.id AND version = wish.designated_version;
  IF NOT FOUND THEN RETURN 'version_unknown'; END IF;
  was := preset_shown(preset);
  IF preset_shown(wish) = was THEN RETURN 'same'; END IF;
  UPDATE presets p SET name = wish.name, description = wish.description, status = wish.status,
      designated_version = wish.designated_version, version = p.version + 1, updated_at = now(),
      status_updated_at = CASE WHEN wish.status <> preset.status THEN now() ELSE p.status_updated_at END
    WHERE id = preset.id RETURNING * INTO preset;
  PERFORM note_preset(preset, by_key, 'preset.change', was);
  RETURN 'changed';
END $$;

DO $$
DECLARE door regprocedure;
BEGIN
  -- Giving a function away needs membership in, and CREATE on the schema for, the new owner: held for this step only.
  EXECUTE format('GRANT turnpike_system TO %I', current_user);
  GRANT CREATE ON SCHEMA public TO turnpike_system;
  FOREACH door IN ARRAY ARRAY['save_preset(text, text, json, text, int, int)', 'change_preset(text, text, jsonb)',
                              'note_preset(presets, text, text, jsonb)', 'preset_shown(presets)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('ALTER FUNCTION %s OWNER TO turnpike_system', door);
  END LOOP;
  GRANT EXECUTE ON FUNCTION save_preset(text, text, json, text, int, int), change_preset(text, text, jsonb) TO turnpike_gateway;
  REVOKE CREATE ON SCHEMA public FROM turnpike_system;
END $$;
