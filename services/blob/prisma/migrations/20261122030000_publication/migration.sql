-- AlterTable
ALTER TABLE "blob" ADD COLUMN     "publication" TEXT NOT NULL DEFAULT 'immediate';

-- CreateTable
CREATE TABLE "published" (
    "blob_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "version" INTEGER,
    "revision" BIGINT NOT NULL,
    "input_ids" UUID[] DEFAULT ARRAY[]::UUID[],

    CONSTRAINT "published_pkey" PRIMARY KEY ("blob_id")
);

-- CreateIndex
CREATE INDEX "published_input_ids_idx" ON "published" USING GIN ("input_ids");

-- By hand from here: what the Prisma schema cannot say.

-- A pointer moves in place; each look at the index would have to go through a list of what is pending.
ALTER TABLE "published" SET (fillfactor = 70);
ALTER INDEX "published_input_ids_idx" SET (fastupdate = off);
