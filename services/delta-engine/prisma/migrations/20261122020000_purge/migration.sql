-- AlterTable
ALTER TABLE "delta" ADD COLUMN     "purged" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "purged_blob" (
    "blob_id" UUID NOT NULL,

    CONSTRAINT "purged_blob_pkey" PRIMARY KEY ("blob_id")
);
