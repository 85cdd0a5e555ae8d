CREATE SCHEMA IF NOT EXISTS "registry";

CREATE TABLE "registry"."provider" (
    "tenant_id" UUID NOT NULL,
    "id" TEXT NOT NULL,
    "current_version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "provider_pkey" PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "registry"."provider_version" (
    "tenant_id" UUID NOT NULL,
    "provider_id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "manifest" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "provider_version_pkey" PRIMARY KEY ("tenant_id", "provider_id", "version")
);

ALTER TABLE "registry"."provider_version" ADD CONSTRAINT "provider_version_tenant_id_provider_id_fkey"
    FOREIGN KEY ("tenant_id", "provider_id") REFERENCES "registry"."provider"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "registry"."provider_status" (
    "tenant_id" UUID NOT NULL,
    "provider_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "provider_status_pkey" PRIMARY KEY ("tenant_id", "provider_id")
);

CREATE TABLE "registry"."outbox" (
    "id" UUID NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "subject" TEXT NOT NULL,
    "event" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(6),
    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "outbox_created_at_idx" ON "registry"."outbox"("created_at");

-- By hand: Prisma cannot say a partial index.
CREATE INDEX "outbox_unsent_idx" ON "registry"."outbox"("sequence") WHERE "sent_at" IS NULL;

CREATE TABLE "registry"."outbox_stream" (
    "stream" TEXT NOT NULL,
    "created" TIMESTAMPTZ(6) NOT NULL,
    "last_sequence" BIGINT NOT NULL,
    CONSTRAINT "outbox_stream_pkey" PRIMARY KEY ("stream")
);
