-- Recorded outputs are kept by age and size: when one was last of use, and how many bytes it has.
ALTER TABLE "memo" ADD COLUMN "size" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN "used_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- What was recorded before counts where a blob holds it; the rest goes by its age.
UPDATE "memo" SET "size" = node."size"
FROM "node" WHERE node."tenant_id" = "memo"."tenant_id" AND node."content_hash" = "memo"."content_hash" AND node."size" IS NOT NULL;

-- CreateIndex; with the sizes, so that the sweep finds what is beyond the bounds from it alone.
CREATE INDEX "memo_tenant_id_used_at_size_idx" ON "memo"("tenant_id", "used_at" DESC, "size");

-- What follows is beyond Prisma's schema language.

-- Whether a recorded output is the current one of a node.
CREATE INDEX "node_last_key_idx" ON "node" USING HASH ("last_key") WHERE "last_key" IS NOT NULL;
