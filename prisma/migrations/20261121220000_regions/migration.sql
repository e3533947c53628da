-- Where a provider, or an endpoint of a tenant's own, processes what it is sent, and nowhere else: countries by two letters, or `eu`.
-- Empty: not known.
ALTER TABLE "providers" ADD COLUMN "regions" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "own_endpoints" ADD COLUMN "regions" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
ALTER TABLE providers ADD CONSTRAINT provider_regions CHECK (regions::text ~ '^\{([a-z]{2}(,[a-z]{2}){0,19})?\}$');
ALTER TABLE own_endpoints ADD CONSTRAINT own_endpoint_regions CHECK (regions::text ~ '^\{([a-z]{2}(,[a-z]{2}){0,19})?\}$');

-- Imports may change them.
GRANT UPDATE (regions) ON providers TO turnpike_app;

-- What an open draft wants says nothing of regions: the next import makes another.
UPDATE catalogue_drafts SET status = 'superseded', wanted = NULL, closed_at = now(), closed_by = 'operator' WHERE status = 'open';

-- As before, with the regions of endpoints.
CREATE OR REPLACE FUNCTION byok_resources(owner uuid) RETURNS jsonb LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
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
              'regions', e.regions, 'placement', e.placement, 'priority', e.priority,
              'created', floor(extract(epoch FROM e.created_at)),
              'kek', e.kek, 'wrapped', e.wrapped, 'sealed', e.sealed) ORDER BY e.created_at, e.id)
     FROM own_endpoints e WHERE e.tenant_id = owner AND e.deleted_at IS NULL AND e.disabled_at IS NULL) AS endpoints) AS own
$$;
