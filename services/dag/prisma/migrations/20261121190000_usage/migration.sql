-- What a provider's work took beside time.
ALTER TABLE "run" ADD COLUMN "tokens" BIGINT, ADD COLUMN "cost_microdollars" BIGINT;

-- CreateIndex
CREATE INDEX "run_cascade_id_idx" ON "run"("cascade_id");

-- What follows is beyond Prisma's schema language.

-- The newest runs of a provider that it worked for: what the next ones are expected to take.
CREATE INDEX "run_computed_idx" ON "run"("tenant_id", "provider_id", "provider_version", "finished_at" DESC) WHERE "outcome" IN ('version', 'cutoff');
