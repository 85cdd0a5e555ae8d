-- The revision of the last change of a tenant's edges: as long as it is the same, a graph that was read has the same blobs, in the same places.
ALTER TABLE "tenant" ADD COLUMN "edges_revision" BIGINT NOT NULL DEFAULT 0;
