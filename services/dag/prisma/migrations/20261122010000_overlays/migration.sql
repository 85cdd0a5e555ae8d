-- A derived blob that a user has changed: what its provider made last stands beside its head.
ALTER TABLE "node" ADD COLUMN "output_hash" TEXT,
ADD COLUMN "output_type" TEXT,
ADD COLUMN "overlay" TEXT;

ALTER TABLE "head" ADD COLUMN "output_hash" TEXT;
