-- What the catalogue knows besides: whether answers may train others, what a model is made for, who keeps nothing, and the rates of
-- images and audio.
ALTER TABLE "models" ADD COLUMN "distillable" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "models" ADD COLUMN "categories" TEXT[] DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "providers" ADD COLUMN "zero_retention" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "endpoint_prices" ADD COLUMN "image" BIGINT;
ALTER TABLE "endpoint_prices" ADD COLUMN "audio" BIGINT;

-- What an import would change, until somebody publishes or discards it.
CREATE TABLE "catalogue_drafts" (
    "id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "base_version" INTEGER NOT NULL,
    "wanted" JSONB,
    "changes" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "made_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "made_by" TEXT NOT NULL,
    "closed_at" TIMESTAMPTZ,
    "closed_by" TEXT,
    "published_version" INTEGER,

    CONSTRAINT "catalogue_drafts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "catalogue_drafts_made_at_idx" ON "catalogue_drafts"("made_at");
ALTER TABLE "catalogue_drafts" ADD CONSTRAINT draft_status CHECK (status IN ('open', 'published', 'discarded', 'superseded'));

-- Control and worker publish imports. Where a provider that exists is reached only the owner of the tables can change: the operator's
-- credentials are sent there. Prices are added and never edited, endpoints switched off and never deleted.
GRANT SELECT, INSERT, UPDATE ON catalogue_drafts TO turnpike_app;
GRANT INSERT, UPDATE ON models, endpoints TO turnpike_app;
GRANT INSERT ON providers, endpoint_prices TO turnpike_app;
GRANT UPDATE (name, retains_prompts, zero_retention, failure_domain, origin) ON providers TO turnpike_app;
GRANT UPDATE ON catalogue_version TO turnpike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON catalogue_drafts TO turnpike_system;
