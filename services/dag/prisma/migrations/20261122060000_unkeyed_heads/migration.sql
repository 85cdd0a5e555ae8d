-- What follows is beyond Prisma's schema language.

-- Whether a recorded output is what a node has that was claimed anew since, and has not settled again: which key gave it the row no longer says.
CREATE INDEX "node_unkeyed_idx" ON "node"("tenant_id", COALESCE("output_hash", "content_hash")) WHERE "last_key" IS NULL AND "version" > 0 AND "provider_id" IS NOT NULL;
