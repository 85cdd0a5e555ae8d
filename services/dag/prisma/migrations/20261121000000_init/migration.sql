-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "dag";

-- CreateTable
CREATE TABLE "tenant" (
    "tenant_id" UUID NOT NULL,
    "revision" BIGINT NOT NULL,
    "cascades" JSON NOT NULL DEFAULT '[]',

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "node" (
    "blob_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_by" TEXT NOT NULL,
    "providers" JSON NOT NULL,
    "ancestry" TEXT[],
    "parent_id" UUID,
    "root_id" UUID NOT NULL,
    "depth" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "content_hash" TEXT,
    "content_type" TEXT,
    "size" BIGINT,
    "provider_id" TEXT,
    "provider_version" TEXT,
    "config" JSON,
    "state" TEXT NOT NULL,
    "doomed" BOOLEAN NOT NULL DEFAULT false,
    "dirty_inputs" INTEGER NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "leases" INTEGER NOT NULL DEFAULT 0,
    "key" TEXT,
    "claim_id" UUID,
    "lease_until" TIMESTAMPTZ(6),
    "last_key" TEXT,
    "last_run_id" UUID,
    "last_run_at" TIMESTAMPTZ(6),
    "error" JSON,
    "cascade_id" UUID,
    "caused_by" UUID,
    "traceparent" TEXT,
    "changed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "node_pkey" PRIMARY KEY ("blob_id")
);

-- CreateTable
CREATE TABLE "edge" (
    "target_id" UUID NOT NULL,
    "input" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "source_id" UUID NOT NULL,
    "valid_from" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "valid_to" TIMESTAMPTZ(6),

    CONSTRAINT "edge_pkey" PRIMARY KEY ("target_id","input","ordinal","valid_from")
);

-- CreateTable
CREATE TABLE "claim" (
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "work" JSON NOT NULL,
    "read_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "claim_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "blob_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "provider_id" TEXT NOT NULL,
    "provider_version" TEXT NOT NULL,
    "key" TEXT,
    "inputs" JSON NOT NULL,
    "outcome" TEXT NOT NULL,
    "version" INTEGER,
    "content_hash" TEXT,
    "attempts" INTEGER NOT NULL,
    "duration_ms" DOUBLE PRECISION NOT NULL,
    "workflow_id" TEXT NOT NULL,
    "cascade_id" UUID,
    "caused_by" UUID,
    "error" JSON,
    "finished_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memo" (
    "tenant_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "run_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memo_pkey" PRIMARY KEY ("tenant_id","key")
);

-- CreateTable
CREATE TABLE "job" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "blob_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "provider_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cascade" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "root_id" UUID NOT NULL,
    "caused_by" UUID,
    "nodes" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "cascade_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" UUID NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "subject" TEXT NOT NULL,
    "event" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(6),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox_stream" (
    "stream" TEXT NOT NULL,
    "created" TIMESTAMPTZ(6) NOT NULL,
    "last_sequence" BIGINT NOT NULL,

    CONSTRAINT "outbox_stream_pkey" PRIMARY KEY ("stream")
);

-- CreateIndex
CREATE INDEX "claim_request_id_idx" ON "claim"("request_id");

-- CreateIndex
CREATE INDEX "claim_created_at_idx" ON "claim"("created_at");

-- CreateIndex
CREATE INDEX "run_blob_id_finished_at_idx" ON "run"("blob_id", "finished_at" DESC);

-- CreateIndex
CREATE INDEX "job_blob_id_epoch_idx" ON "job"("blob_id", "epoch");

-- CreateIndex
CREATE INDEX "cascade_root_id_started_at_idx" ON "cascade"("root_id", "started_at" DESC);

-- CreateIndex
CREATE INDEX "outbox_created_at_idx" ON "outbox"("created_at");



-- What follows is beyond Prisma's schema language.

-- Rows that change often leave room for their new versions on the same page.
ALTER TABLE "tenant" SET (fillfactor = 50);
ALTER TABLE "node" SET (fillfactor = 60);

ALTER TABLE "node" ADD CONSTRAINT "node_state_check"
  CHECK ("state" IN ('settled', 'dirty', 'running', 'failed', 'blocked', 'deleted'));
ALTER TABLE "node" ADD CONSTRAINT "node_dirty_inputs_check" CHECK ("dirty_inputs" >= 0);

CREATE INDEX "node_ready_idx" ON "node"("tenant_id", "changed_at") WHERE "state" = 'dirty' AND "dirty_inputs" = 0;
CREATE INDEX "node_claim_idx" ON "node"("claim_id") WHERE "claim_id" IS NOT NULL;
CREATE INDEX "node_cascade_open_idx" ON "node"("cascade_id") WHERE "state" IN ('dirty', 'running');

CREATE UNIQUE INDEX "edge_current_key" ON "edge"("target_id", "input", "ordinal") WHERE "valid_to" IS NULL;
CREATE INDEX "edge_source_current_idx" ON "edge"("source_id") WHERE "valid_to" IS NULL;

CREATE INDEX "cascade_open_idx" ON "cascade"("tenant_id") WHERE "settled_at" IS NULL;

CREATE INDEX "outbox_unsent_idx" ON "outbox"("sequence") WHERE "sent_at" IS NULL;
