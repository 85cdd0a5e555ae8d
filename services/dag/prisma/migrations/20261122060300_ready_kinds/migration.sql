-- Which kinds of nodes are ready is asked with each claim: found by as many steps as there are kinds, however many nodes are ready.
CREATE INDEX "node_ready_kind_idx" ON "node"("tenant_id", "provider_id", ("attempts" > 0 OR "doomed")) WHERE "state" = 'dirty' AND "dirty_inputs" = 0 AND "awaits" IS NULL AND NOT "held";
