-- AlterTable
ALTER TABLE "blob" ADD COLUMN     "overlay" TEXT;

-- CreateTable
CREATE TABLE "overlay" (
    "blob_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "base_hash" TEXT NOT NULL,
    "base_type" TEXT NOT NULL,
    "edited_hash" TEXT NOT NULL,
    "edited_type" TEXT NOT NULL,
    "generated_hash" TEXT NOT NULL,
    "generated_type" TEXT NOT NULL,
    "conflicted" BOOLEAN NOT NULL,

    CONSTRAINT "overlay_pkey" PRIMARY KEY ("blob_id","version")
);

-- CreateIndex
CREATE INDEX "overlay_base_hash_idx" ON "overlay" USING HASH ("base_hash");

-- CreateIndex
CREATE INDEX "overlay_edited_hash_idx" ON "overlay" USING HASH ("edited_hash");

-- CreateIndex
CREATE INDEX "overlay_generated_hash_idx" ON "overlay" USING HASH ("generated_hash");

-- AddForeignKey
ALTER TABLE "overlay" ADD CONSTRAINT "overlay_blob_id_version_fkey" FOREIGN KEY ("blob_id", "version") REFERENCES "version"("blob_id", "version") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "overlay" ADD CONSTRAINT "overlay_tenant_id_base_hash_fkey" FOREIGN KEY ("tenant_id", "base_hash") REFERENCES "content"("tenant_id", "hash") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "overlay" ADD CONSTRAINT "overlay_tenant_id_edited_hash_fkey" FOREIGN KEY ("tenant_id", "edited_hash") REFERENCES "content"("tenant_id", "hash") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "overlay" ADD CONSTRAINT "overlay_tenant_id_generated_hash_fkey" FOREIGN KEY ("tenant_id", "generated_hash") REFERENCES "content"("tenant_id", "hash") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- By hand from here: what the Prisma schema cannot say.

ALTER TABLE "blob" ADD CONSTRAINT "blob_overlay_check" CHECK ("overlay" IN ('edited', 'conflicted'));
