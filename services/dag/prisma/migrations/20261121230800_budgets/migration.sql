-- What a tenant's providers may take in a day and in a cascade, and what they have taken on the newest day.
ALTER TABLE "tenant" ADD COLUMN "budget" JSON, ADD COLUMN "spent" JSON;

-- Why a cascade starts nothing more; what it may take; how many runs it has begun.
ALTER TABLE "cascade" ADD COLUMN "paused_by" TEXT,
ADD COLUMN "paused_at" TIMESTAMPTZ(6),
ADD COLUMN "cancelled_at" TIMESTAMPTZ(6),
ADD COLUMN "budget" JSON,
ADD COLUMN "begun" INTEGER NOT NULL DEFAULT 0;
UPDATE "cascade" SET "begun" = (
  SELECT count(*) FROM "run" WHERE run."cascade_id" = cascade."id" AND run."attempts" > 0 AND run."outcome" IN ('version', 'cutoff', 'failed'));

-- A node that is ready, and whose cascade is paused.
ALTER TABLE "node" ADD COLUMN "held" BOOLEAN NOT NULL DEFAULT false;

-- What follows is beyond Prisma's schema language.

ALTER TABLE "node" DROP CONSTRAINT "node_state_check";
ALTER TABLE "node" ADD CONSTRAINT "node_state_check"
  CHECK ("state" IN ('settled', 'dirty', 'running', 'failed', 'blocked', 'cancelled', 'deleted'));

DROP INDEX "node_ready_idx";
CREATE INDEX "node_ready_idx" ON "node"("tenant_id", "changed_at") WHERE "state" = 'dirty' AND "dirty_inputs" = 0 AND "awaits" IS NULL AND NOT "held";

-- The nodes of a cascade that are not settled, whatever they wait for.
DROP INDEX "node_cascade_open_idx";
CREATE INDEX "node_cascade_unsettled_idx" ON "node"("cascade_id") WHERE "state" IN ('dirty', 'running', 'failed', 'blocked', 'cancelled');
