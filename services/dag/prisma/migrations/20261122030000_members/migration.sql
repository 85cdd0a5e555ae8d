-- Cascades of other roots that wait for a node, or that its run counts for, beside the one in its row; null for none.
ALTER TABLE "node" ADD COLUMN "also_in" UUID[], ADD COLUMN "again_also_in" UUID[];
ALTER TABLE "run" ADD COLUMN "also_in" UUID[];

-- What follows is beyond Prisma's schema language.

-- Few rows have any; without a pending list, which each look would have to go through.
CREATE INDEX "node_also_in_idx" ON "node" USING GIN ("also_in") WITH (fastupdate = off) WHERE "also_in" IS NOT NULL;
CREATE INDEX "node_again_also_in_idx" ON "node" USING GIN ("again_also_in") WITH (fastupdate = off) WHERE "again_also_in" IS NOT NULL;
CREATE INDEX "run_also_in_idx" ON "run" USING GIN ("also_in") WITH (fastupdate = off) WHERE "also_in" IS NOT NULL;
