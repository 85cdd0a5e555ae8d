-- AlterTable
ALTER TABLE "blob" ADD COLUMN     "conflict_policy" TEXT NOT NULL DEFAULT 'reject';

-- AlterTable
ALTER TABLE "content" ADD COLUMN     "base_hash" TEXT,
ADD COLUMN     "patches" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "pack_cursor" (
    "version_id" UUID NOT NULL,

    CONSTRAINT "pack_cursor_pkey" PRIMARY KEY ("version_id")
);

-- CreateIndex
CREATE INDEX "content_base_hash_idx" ON "content" USING HASH ("base_hash");

-- AddForeignKey
ALTER TABLE "content" ADD CONSTRAINT "content_tenant_id_base_hash_fkey" FOREIGN KEY ("tenant_id", "base_hash") REFERENCES "content"("tenant_id", "hash") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- By hand from here: what the Prisma schema cannot say.

-- A patch has a base, and whatever else is kept has none.
ALTER TABLE "content" ADD CONSTRAINT "content_base_check" CHECK (("encoding" = 2) = ("base_hash" IS NOT NULL));

-- The packer starts before the first version.
INSERT INTO "pack_cursor" VALUES ('00000000-0000-0000-0000-000000000000');
