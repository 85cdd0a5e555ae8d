-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "delta";

-- CreateTable
CREATE TABLE "delta" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "blob_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "provider_id" TEXT,
    "operation" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "patch" JSON,
    "content_hash" TEXT,
    "content_type" TEXT,
    "size" BIGINT,
    "from_version" INTEGER NOT NULL,
    "to_version" INTEGER,
    "caused_by" UUID,
    "status" TEXT NOT NULL,
    "error" JSON,
    "idempotency_key" TEXT,
    "request_hash" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "applied_at" TIMESTAMPTZ(6),

    CONSTRAINT "delta_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sweep_cursor" (
    "name" TEXT NOT NULL,
    "until" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "sweep_cursor_pkey" PRIMARY KEY ("name")
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
CREATE INDEX "delta_blob_id_to_version_idx" ON "delta"("blob_id", "to_version");

-- CreateIndex
CREATE INDEX "delta_blob_id_created_at_id_idx" ON "delta"("blob_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "outbox_created_at_idx" ON "outbox"("created_at");

-- What the Prisma schema cannot say:

-- What failed changed nothing, so its key may be used again.
CREATE UNIQUE INDEX "delta_idempotency_key" ON "delta"("tenant_id", "idempotency_key") WHERE "status" <> 'failed' AND "idempotency_key" IS NOT NULL;

-- The sweeper's list.
CREATE INDEX "delta_pending_idx" ON "delta"("created_at") WHERE "status" = 'pending';

-- The relay's list.
CREATE INDEX "outbox_unsent_idx" ON "outbox"("sequence") WHERE "sent_at" IS NULL;
