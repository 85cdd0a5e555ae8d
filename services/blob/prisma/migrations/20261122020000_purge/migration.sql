-- AlterTable
ALTER TABLE "blob" ADD COLUMN     "purged_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "version" ADD COLUMN     "purged" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "fence" (
    "blob_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,

    CONSTRAINT "fence_pkey" PRIMARY KEY ("blob_id")
);

-- By hand from here: what the Prisma schema cannot say.

-- What stands in the place of purged content has no bytes.
ALTER TABLE "content" ADD CONSTRAINT "content_purged_check" CHECK ("encoding" <> 3 OR ("size" = 0 AND "bytes" = ''));

-- Statistics would keep samples of contents beside the table.
ALTER TABLE "content" ALTER COLUMN "bytes" SET STATISTICS 0;
