-- The tables, with their keys, checks and indexes. What a column means stands in schema.prisma; here stands why a rule is there.
-- Foreign keys that name the tenant with the row keep a reference inside its tenant: a foreign key does not see row-level security.

-- ── Who: organisations, people, sessions ────────────────────────────────────────────────────────────────────────────

CREATE TABLE policies (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    current_version integer NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    archived_at timestamptz
);
CREATE UNIQUE INDEX policies_tenant_id_id_key ON policies (tenant_id, id);
CREATE INDEX policies_tenant_id_idx ON policies (tenant_id);

CREATE TABLE policy_versions (
    tenant_id uuid NOT NULL,
    policy_id uuid NOT NULL REFERENCES policies ON DELETE RESTRICT ON UPDATE CASCADE,
    version integer NOT NULL,
    document jsonb NOT NULL,
    author uuid,
    author_key text,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (policy_id, version)
);

CREATE TABLE organisations (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    funds text NOT NULL,
    -- Also the longest time that a revoked key can outlive an outage of every store.
    stale_max_s integer NOT NULL DEFAULT 3600 CONSTRAINT stale_max_within_an_hour CHECK (stale_max_s BETWEEN 0 AND 3600),
    policy_id uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (tenant_id, policy_id) REFERENCES policies (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES organisations ON DELETE RESTRICT ON UPDATE CASCADE,
    name text NOT NULL,
    slug text NOT NULL,
    policy_id uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (tenant_id, policy_id) REFERENCES policies (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX workspaces_tenant_id_slug_key ON workspaces (tenant_id, slug);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    email_verified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX users_email_idx ON users (email);
-- An address belongs to whoever proved it; a person who did not prove theirs holds none.
CREATE UNIQUE INDEX users_verified_email_key ON users (email) WHERE email_verified_at IS NOT NULL;

CREATE TABLE memberships (
    tenant_id uuid NOT NULL REFERENCES organisations ON DELETE RESTRICT ON UPDATE CASCADE,
    user_id uuid NOT NULL,
    role text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);

CREATE TABLE sessions (
    token_digest bytea PRIMARY KEY,
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_seen_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamptz NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    network text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX sessions_id_key ON sessions (id);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE email_verifications (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE,
    code_digest bytea NOT NULL,
    link_digest bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE UNIQUE INDEX email_verifications_link_digest_key ON email_verifications (link_digest);
CREATE INDEX email_verifications_user_id_idx ON email_verifications (user_id);

CREATE TABLE password_resets (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE,
    token_digest bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE UNIQUE INDEX password_resets_token_digest_key ON password_resets (token_digest);
CREATE INDEX password_resets_user_id_idx ON password_resets (user_id);

-- ── Keys, their secrets, and what changed ───────────────────────────────────────────────────────────────────────────

CREATE TABLE api_keys (
    id text PRIMARY KEY,
    tenant_id uuid NOT NULL,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE RESTRICT ON UPDATE CASCADE,
    name text NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    secret_id smallint NOT NULL,
    last_four text NOT NULL,
    policy_id uuid,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamptz,
    revoked_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    FOREIGN KEY (tenant_id, policy_id) REFERENCES policies (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX api_keys_digest_key ON api_keys (digest);
CREATE INDEX api_keys_tenant_id_created_at_idx ON api_keys (tenant_id, created_at);
-- A new version of a policy invalidates the keys that the policy applies to.
CREATE INDEX api_keys_policy_id_idx ON api_keys (policy_id);
-- Every process checks twice a minute which secrets keys in force need.
CREATE INDEX api_keys_in_force_secret ON api_keys (secret_id) WHERE revoked_at IS NULL;

CREATE TABLE secret_fingerprints (
    purpose text NOT NULL,
    secret_id smallint NOT NULL,
    fingerprint bytea NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (purpose, secret_id)
);

CREATE TABLE key_secret_holders (
    holder uuid PRIMARY KEY,
    node text NOT NULL,
    secret_ids smallint[],
    seen_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE key_events (
    sequence bigint PRIMARY KEY,
    tenant_id uuid NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    version bigint NOT NULL,
    digests bytea[],
    at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- One row. A sequence of PostgreSQL would number events in an order other than that of their commits.
CREATE TABLE event_counter (
    id boolean PRIMARY KEY DEFAULT true,
    sequence bigint NOT NULL DEFAULT 0
);
INSERT INTO event_counter DEFAULT VALUES;

CREATE TABLE audit_entries (
    id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    actor text NOT NULL,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_entries_tenant_id_id_idx ON audit_entries (tenant_id, id DESC);

-- ── Presets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE presets (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE RESTRICT ON UPDATE CASCADE,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    status text NOT NULL DEFAULT 'active' CONSTRAINT known_status CHECK (status IN ('active', 'disabled', 'archived')),
    designated_version integer NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    status_updated_at timestamptz
);
CREATE UNIQUE INDEX presets_workspace_id_slug_key ON presets (workspace_id, slug);
CREATE UNIQUE INDEX presets_tenant_id_id_key ON presets (tenant_id, id);

CREATE TABLE preset_versions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    preset_id uuid NOT NULL,
    version integer NOT NULL,
    -- Not jsonb, which would lose the order of the members of a schema.
    config json NOT NULL,
    system_prompt text,
    author uuid,
    author_key text,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (tenant_id, preset_id) REFERENCES presets (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX preset_versions_preset_id_version_key ON preset_versions (preset_id, version);

-- ── BYOK: credentials and endpoints of tenants ──────────────────────────────────────────────────────────────────────

-- A secret is stored whole (three columns) or not at all, and is erased when its row is deleted.
CREATE TABLE own_credentials (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    provider text NOT NULL,
    bound_to text NOT NULL,
    placement text NOT NULL,
    priority smallint NOT NULL,
    share smallint NOT NULL,
    models text[] NOT NULL DEFAULT ARRAY[]::text[],
    keys text[] NOT NULL DEFAULT ARRAY[]::text[],
    credit_fallback boolean NOT NULL DEFAULT true,
    awaits_test boolean NOT NULL DEFAULT false,
    secret_version integer NOT NULL DEFAULT 1,
    kek smallint,
    wrapped text,
    sealed text,
    last_four text NOT NULL,
    fingerprint text NOT NULL,
    created_by uuid,
    created_by_key text,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    disabled_at timestamptz,
    deleted_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT own_credential_fits CHECK (
        length(name) BETWEEN 1 AND 80 AND placement IN ('first', 'fallback') AND priority BETWEEN 0 AND 99
        AND share BETWEEN 1 AND 1000 AND cardinality(models) <= 100 AND cardinality(keys) <= 100),
    CONSTRAINT own_credential_sealed CHECK (
        num_nonnulls(kek, wrapped, sealed) = CASE WHEN deleted_at IS NULL THEN 3 ELSE 0 END)
);
CREATE INDEX own_credentials_tenant_id_idx ON own_credentials (tenant_id);
-- A rotation looks for the secrets of all tenants that an old key-encryption key still wraps, batch by batch.
CREATE INDEX own_credentials_by_kek ON own_credentials (kek, tenant_id) WHERE kek IS NOT NULL;

CREATE TABLE own_endpoints (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    dialect text NOT NULL,
    base_url text NOT NULL,
    upstream_model text NOT NULL,
    model text NOT NULL,
    context_length integer NOT NULL,
    max_completion_tokens integer,
    supported_parameters text[] NOT NULL DEFAULT ARRAY[]::text[],
    input_modalities text[] NOT NULL DEFAULT ARRAY[]::text[],
    output_modalities text[] NOT NULL DEFAULT ARRAY[]::text[],
    price_prompt bigint NOT NULL,
    price_completion bigint NOT NULL,
    price_cache_read bigint,
    price_request bigint NOT NULL,
    price_version integer NOT NULL DEFAULT 1,
    retains_prompts boolean NOT NULL,
    zero_retention boolean NOT NULL,
    regions text[] NOT NULL DEFAULT ARRAY[]::text[]
        CONSTRAINT own_endpoint_regions CHECK (regions::text ~ '^\{([a-z]{2}(,[a-z]{2}){0,19})?\}$'),
    placement text NOT NULL,
    priority smallint NOT NULL,
    secret_version integer NOT NULL DEFAULT 1,
    kek smallint,
    wrapped text,
    sealed text,
    last_four text,
    fingerprint text,
    created_by uuid,
    created_by_key text,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    disabled_at timestamptz,
    deleted_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT own_endpoint_fits CHECK (
        length(name) BETWEEN 1 AND 80 AND slug ~ '^[a-z0-9-]{1,40}$' AND placement IN ('first', 'fallback')
        AND priority BETWEEN 0 AND 99 AND context_length > 0 AND max_completion_tokens > 0
        AND least(price_prompt, price_completion, price_cache_read, price_request) >= 0),
    CONSTRAINT own_endpoint_sealed CHECK (
        num_nonnulls(kek, wrapped, sealed) IN (0, CASE WHEN deleted_at IS NULL THEN 3 ELSE 0 END))
);
CREATE INDEX own_endpoints_tenant_id_idx ON own_endpoints (tenant_id);
CREATE INDEX own_endpoints_by_kek ON own_endpoints (kek, tenant_id) WHERE kek IS NOT NULL;
-- The slug of a deleted endpoint may be used again.
CREATE UNIQUE INDEX own_endpoints_slug_in_use ON own_endpoints (tenant_id, slug) WHERE deleted_at IS NULL;

-- The last test call of a credential or endpoint. A table of its own: a test neither raises a version nor invalidates a key.
CREATE TABLE own_tests (
    own_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    secret_version integer NOT NULL,
    result text NOT NULL CONSTRAINT own_test_result CHECK (result IN ('ok', 'refused', 'unreachable', 'limited', 'unknown')),
    status smallint,
    tested_at timestamptz NOT NULL
);
CREATE INDEX own_tests_tenant_id_idx ON own_tests (tenant_id);

-- ── Catalogue: data of the operator, the same for every tenant ──────────────────────────────────────────────────────

CREATE TABLE models (
    slug text PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    context_length integer NOT NULL,
    input_modalities text[],
    output_modalities text[],
    distillable boolean NOT NULL DEFAULT false,
    categories text[] DEFAULT ARRAY[]::text[],
    origin text NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE providers (
    slug text PRIMARY KEY,
    name text NOT NULL,
    dialect text NOT NULL,
    base_url text NOT NULL,
    simulated boolean NOT NULL DEFAULT false,
    retains_prompts boolean NOT NULL DEFAULT false,
    zero_retention boolean NOT NULL DEFAULT false,
    regions text[] NOT NULL DEFAULT ARRAY[]::text[]
        CONSTRAINT provider_regions CHECK (regions::text ~ '^\{([a-z]{2}(,[a-z]{2}){0,19})?\}$'),
    failure_domain text NOT NULL,
    origin text NOT NULL
);

CREATE TABLE endpoints (
    id text PRIMARY KEY,
    model_slug text NOT NULL REFERENCES models ON DELETE RESTRICT ON UPDATE CASCADE,
    provider_slug text NOT NULL REFERENCES providers ON DELETE RESTRICT ON UPDATE CASCADE,
    upstream_model text NOT NULL,
    context_length integer NOT NULL,
    max_completion_tokens integer,
    quantization text NOT NULL DEFAULT 'unknown',
    supported_parameters text[],
    enabled boolean NOT NULL DEFAULT true,
    origin text NOT NULL
);
CREATE INDEX endpoints_model_slug_idx ON endpoints (model_slug);

CREATE TABLE endpoint_prices (
    endpoint_id text NOT NULL REFERENCES endpoints ON DELETE RESTRICT ON UPDATE CASCADE,
    version integer NOT NULL,
    prompt bigint NOT NULL,
    completion bigint NOT NULL,
    cache_read bigint,
    cache_write bigint,
    reasoning bigint,
    request bigint,
    image bigint,
    audio bigint,
    tiers jsonb NOT NULL DEFAULT '[]',
    effective_from timestamptz NOT NULL,
    origin text NOT NULL,
    PRIMARY KEY (endpoint_id, version)
);

CREATE TABLE catalogue_drafts (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    origin text NOT NULL,
    base_version integer NOT NULL,
    wanted jsonb,
    changes jsonb NOT NULL,
    status text NOT NULL DEFAULT 'open'
        CONSTRAINT draft_status CHECK (status IN ('open', 'published', 'discarded', 'superseded')),
    made_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    made_by text NOT NULL,
    closed_at timestamptz,
    closed_by text,
    published_version integer
);
CREATE INDEX catalogue_drafts_made_at_idx ON catalogue_drafts (made_at);

-- One row.
CREATE TABLE catalogue_version (
    id boolean PRIMARY KEY DEFAULT true,
    version integer NOT NULL DEFAULT 1
);
INSERT INTO catalogue_version DEFAULT VALUES;

-- ── What happened: usage, features, health, what-if runs ────────────────────────────────────────────────────────────

-- Usage and features are partitioned by day (`ensure_partitions`), so that old days can be dropped whole.
CREATE TABLE usage_events (
    day date NOT NULL,
    request_id text NOT NULL,
    attempt smallint NOT NULL,
    tenant_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    key_id text NOT NULL,
    began_at timestamptz(3) NOT NULL,
    kind text NOT NULL,
    requested_model text NOT NULL,
    counted_model text NOT NULL,
    model text,
    provider text,
    endpoint_id text,
    end_user text,
    streamed boolean NOT NULL,
    status smallint NOT NULL,
    fault text,
    outcome text NOT NULL,
    diagnosis text,
    diagnosis_about text,
    finish_reason text,
    native_finish text,
    cancelled boolean NOT NULL DEFAULT false,
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL,
    cache_read_tokens integer NOT NULL,
    cache_write_tokens integer NOT NULL,
    reasoning_tokens integer NOT NULL,
    cost_nano bigint NOT NULL,
    upstream_cost_nano bigint NOT NULL,
    price_version integer,
    first_token_ms integer,
    total_ms integer NOT NULL,
    attempts smallint NOT NULL,
    decision jsonb NOT NULL,
    ledger_key text,
    owner_id uuid,
    preset_id uuid,
    preset_version integer,
    PRIMARY KEY (day, request_id, attempt)
) PARTITION BY RANGE (day);
CREATE INDEX usage_events_tenant_id_began_at_request_id_idx ON usage_events (tenant_id, began_at DESC, request_id);

CREATE TABLE request_features (
    day date NOT NULL,
    request_id text NOT NULL,
    tenant_id uuid NOT NULL,
    began_at timestamptz(3) NOT NULL,
    models text[],
    prompt_tokens integer NOT NULL,
    max_tokens integer,
    parameters text[],
    preferences jsonb NOT NULL,
    draw double precision NOT NULL,
    PRIMARY KEY (day, request_id)
) PARTITION BY RANGE (day);
CREATE INDEX request_features_tenant_id_began_at_idx ON request_features (tenant_id, began_at);

CREATE TABLE usage_rollups (
    tenant_id uuid NOT NULL,
    bucket timestamptz NOT NULL,
    key_id text NOT NULL,
    model text NOT NULL,
    provider text NOT NULL,
    requests bigint NOT NULL,
    failed bigint NOT NULL,
    interrupted bigint NOT NULL,
    cancelled bigint NOT NULL,
    rejected bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    cost_nano bigint NOT NULL,
    first_token_ms_sum bigint NOT NULL,
    first_token_count bigint NOT NULL,
    own_cost_nano bigint NOT NULL DEFAULT 0,
    last_began_at timestamptz(3) NOT NULL,
    PRIMARY KEY (tenant_id, bucket, key_id, model, provider)
);

-- How far each segment of a journal was taken. A replay finds here what was charged before, also after its rows were deleted.
CREATE TABLE shipped_segments (
    segment text PRIMARY KEY,
    taken_to bigint NOT NULL,
    -- Of the last batch of it.
    shipped_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE health_minutes (
    minute timestamptz NOT NULL,
    endpoint_id text NOT NULL,
    node text NOT NULL,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    failure_kinds jsonb NOT NULL,
    first_token_ms jsonb NOT NULL,
    tokens_per_second jsonb NOT NULL,
    PRIMARY KEY (minute, endpoint_id, node)
);

CREATE TABLE what_if_runs (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    created_by uuid,
    policy_id uuid,
    policy_version integer,
    document jsonb NOT NULL,
    key_id text,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CONSTRAINT known_state CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    rows_total integer NOT NULL,
    rows_done integer NOT NULL DEFAULT 0,
    claim uuid,
    claims integer NOT NULL DEFAULT 0,
    beat_at timestamptz,
    problem text,
    report jsonb,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at timestamptz
);
CREATE INDEX what_if_runs_tenant_id_created_at_idx ON what_if_runs (tenant_id, created_at DESC);
-- The worker looks through unfinished runs of all tenants every minute.
CREATE INDEX what_if_runs_open ON what_if_runs (created_at) WHERE state IN ('queued', 'running');

-- ── Money: double entry, append-only ────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ledger_accounts (
    id uuid PRIMARY KEY,
    tenant_id uuid,
    kind text NOT NULL,
    balance bigint NOT NULL DEFAULT 0
);
-- The operator's accounts have no tenant, and of them too there is one per kind.
CREATE UNIQUE INDEX ledger_accounts_tenant_id_kind_key ON ledger_accounts (tenant_id, kind) NULLS NOT DISTINCT;

CREATE TABLE ledger_transactions (
    business_key text PRIMARY KEY,
    kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE ledger_postings (
    id bigserial PRIMARY KEY,
    business_key text NOT NULL REFERENCES ledger_transactions ON DELETE RESTRICT ON UPDATE CASCADE,
    account_id uuid NOT NULL REFERENCES ledger_accounts ON DELETE RESTRICT ON UPDATE CASCADE,
    tenant_id uuid,
    amount_nano bigint NOT NULL
);
CREATE INDEX ledger_postings_business_key_idx ON ledger_postings (business_key);
CREATE INDEX ledger_postings_account_id_id_idx ON ledger_postings (account_id, id);
