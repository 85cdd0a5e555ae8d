-- Whether a tenant has anything to publish together: most have not, and pay nothing for it.
ALTER TABLE "tenant" ADD COLUMN "publishes" BOOLEAN NOT NULL DEFAULT false;

-- How a source is published; null: at once.
ALTER TABLE "node" ADD COLUMN "publication" TEXT;

-- CreateTable
CREATE TABLE "published" (
    "blob_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "revision" BIGINT NOT NULL,
    "gated_since" BIGINT NOT NULL,
    "input_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "released" BOOLEAN NOT NULL DEFAULT false,
    "told" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "published_pkey" PRIMARY KEY ("blob_id")
);

-- What follows is beyond Prisma's schema language.

ALTER TABLE "published" SET (fillfactor = 60);

-- What blob has not been told yet.
CREATE INDEX "published_untold_idx" ON "published"("tenant_id") WHERE NOT "told";
