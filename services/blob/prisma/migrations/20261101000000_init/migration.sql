-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "blob";

-- CreateTable
CREATE TABLE "content" (
    "tenant_id" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "encoding" SMALLINT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "staged_at" TIMESTAMPTZ(6),

    CONSTRAINT "content_pkey" PRIMARY KEY ("tenant_id","hash")
);

-- CreateTable
CREATE TABLE "blob" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "content_type" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "version_id" UUID NOT NULL,
    "parent_id" UUID,
    "root_id" UUID NOT NULL,
    "depth" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "providers" JSON NOT NULL,
    "metadata" JSON NOT NULL,
    "fence" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "blob_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "version" (
    "version_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "blob_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "content_type" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "delta_id" UUID NOT NULL,
    "operation" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "caused_by" UUID,
    "metadata" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "version_pkey" PRIMARY KEY ("version_id")
);

-- CreateTable
CREATE TABLE "delta_fate" (
    "delta_id" UUID NOT NULL,
    "version_id" UUID,

    CONSTRAINT "delta_fate_pkey" PRIMARY KEY ("delta_id")
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
CREATE INDEX "blob_tenant_id_created_at_id_idx" ON "blob"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "blob_root_id_idx" ON "blob"("root_id");

-- CreateIndex
CREATE INDEX "version_content_hash_idx" ON "version" USING HASH ("content_hash");

-- CreateIndex
CREATE INDEX "version_created_at_idx" ON "version" USING BRIN ("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "version_blob_id_version_key" ON "version"("blob_id", "version");

-- CreateIndex
CREATE INDEX "outbox_created_at_idx" ON "outbox"("created_at");

-- AddForeignKey
ALTER TABLE "version" ADD CONSTRAINT "version_tenant_id_content_hash_fkey" FOREIGN KEY ("tenant_id", "content_hash") REFERENCES "content"("tenant_id", "hash") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- By hand from here: what the Prisma schema cannot say.

CREATE INDEX "outbox_unsent_idx" ON "outbox"("sequence") WHERE "sent_at" IS NULL;
CREATE INDEX "content_staged_idx" ON "content"("staged_at") WHERE "staged_at" IS NOT NULL;

-- The bytes are compressed by the service already where that pays.
ALTER TABLE "content" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;

-- A head is updated in place: room on its page keeps the indexes out of it.
ALTER TABLE "blob" SET (fillfactor = 70);

-- The newest page ranges are those that the sweeper asks for.
ALTER INDEX "version_created_at_idx" SET (pages_per_range = 16, autosummarize = on);
