-- The clock of a tenant's graph: all that one change records happened at one moment, later than that of the change before it.
ALTER TABLE "tenant" ADD COLUMN "changed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateTable
CREATE TABLE "head" (
    "blob_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "content_hash" TEXT,
    "content_type" TEXT,
    "deleted" BOOLEAN NOT NULL,
    "run_id" UUID,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "head_pkey" PRIMARY KEY ("blob_id","version")
);

-- What follows is beyond Prisma's schema language.

CREATE INDEX "edge_source_past_idx" ON "edge"("source_id", "valid_to") WHERE "valid_to" IS NOT NULL;

-- Heads of derived blobs are known from the runs that made them; of sources the one that they have now.
INSERT INTO "head" ("blob_id", "version", "tenant_id", "content_hash", "content_type", "deleted", "run_id", "at")
SELECT DISTINCT ON (run."blob_id", run."version") run."blob_id", run."version", run."tenant_id",
  run."content_hash", node."content_type", run."outcome" = 'deleted', run."id", run."finished_at"
FROM "run" JOIN "node" ON node."blob_id" = run."blob_id"
WHERE run."version" IS NOT NULL
ORDER BY run."blob_id", run."version", run."epoch";

INSERT INTO "head" ("blob_id", "version", "tenant_id", "content_hash", "content_type", "deleted", "at")
SELECT "blob_id", "version", "tenant_id", "content_hash", "content_type", "state" = 'deleted', "changed_at"
FROM "node" WHERE "version" > 0
ON CONFLICT DO NOTHING;
