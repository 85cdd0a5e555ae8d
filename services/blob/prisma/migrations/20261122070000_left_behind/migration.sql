-- CreateTable
CREATE TABLE "left_behind" (
    "blob_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,

    CONSTRAINT "left_behind_pkey" PRIMARY KEY ("blob_id","version","hash")
);

-- CreateIndex
CREATE INDEX "left_behind_hash_idx" ON "left_behind" USING HASH ("hash");

-- AddForeignKey
ALTER TABLE "left_behind" ADD CONSTRAINT "left_behind_tenant_id_hash_fkey" FOREIGN KEY ("tenant_id", "hash") REFERENCES "content"("tenant_id", "hash") ON DELETE NO ACTION ON UPDATE NO ACTION;
