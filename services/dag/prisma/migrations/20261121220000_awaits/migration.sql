-- A node that is ready, and whose output another one is computing: the key of that run.
ALTER TABLE "node" ADD COLUMN "awaits" TEXT;

CREATE INDEX "node_awaits_idx" ON "node"("tenant_id") WHERE "awaits" IS NOT NULL;
CREATE INDEX "node_running_key_idx" ON "node"("tenant_id", "key") WHERE "state" = 'running';
DROP INDEX "node_ready_idx";
CREATE INDEX "node_ready_idx" ON "node"("tenant_id", "changed_at") WHERE "state" = 'dirty' AND "dirty_inputs" = 0 AND "awaits" IS NULL;
