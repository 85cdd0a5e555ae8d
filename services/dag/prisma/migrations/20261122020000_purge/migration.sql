-- CreateTable
CREATE TABLE "purge" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "blob_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "secret" BYTEA,
    "requested_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "begun_at" TIMESTAMPTZ(6),
    "done_at" TIMESTAMPTZ(6),

    CONSTRAINT "purge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "purged" (
    "blob_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "purge_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "erased" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "purged_pkey" PRIMARY KEY ("blob_id","version")
);

-- CreateIndex
CREATE UNIQUE INDEX "purge_blob_id_key" ON "purge"("blob_id");

-- CreateIndex
CREATE INDEX "purged_purge_id_idx" ON "purged"("purge_id");

-- By hand from here: what the Prisma schema cannot say.

-- Those that are to be carried out.
CREATE INDEX "purge_open_idx" ON "purge"("requested_at") WHERE "done_at" IS NULL;

-- The key is kept for as long as it is needed: what it made is a pseudonym only when nobody has it.
ALTER TABLE "purge" ADD CONSTRAINT "purge_secret_check" CHECK (("secret" IS NOT NULL) = ("begun_at" IS NOT NULL AND "done_at" IS NULL));

-- Statistics would keep what users wrote beside the table.
ALTER TABLE "node" ALTER COLUMN "label" SET STATISTICS 0;
