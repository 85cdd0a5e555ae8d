-- What follows is beyond Prisma's schema language.

-- Whether a tenant has anything left that is published together.
CREATE INDEX "published_gated_idx" ON "published"("tenant_id") WHERE NOT "released";
