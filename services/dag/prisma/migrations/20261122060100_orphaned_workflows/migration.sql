-- What follows is beyond Prisma's schema language.

-- Whether a claim is of a workflow whose end nobody sees: only its first claim is noted.
CREATE INDEX "claim_orphaned_idx" ON "claim"("tenant_id", ("work"->>'workflow_id')) WHERE "orphaned";
