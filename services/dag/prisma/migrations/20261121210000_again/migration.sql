-- A run that newer changes have taken away for long is left alone; again_…: the newest of the changes that came meanwhile.
ALTER TABLE "node" ADD COLUMN "superseded_at" TIMESTAMPTZ(6),
ADD COLUMN "again_cascade_id" UUID,
ADD COLUMN "again_caused_by" UUID,
ADD COLUMN "again_traceparent" TEXT;

CREATE INDEX "node_again_idx" ON "node"("again_cascade_id") WHERE "again_cascade_id" IS NOT NULL;
