-- Tells apart several derivations of one provider from the same inputs.
ALTER TABLE "node" ADD COLUMN "label" TEXT NOT NULL DEFAULT '';

-- Inputs that a deleted blob was taken out of by closing its edge come back with the blob: an edge ends only with its derivation.
UPDATE "edge" SET "valid_to" = NULL
FROM "node" AS source, "node" AS target
WHERE "edge"."valid_to" IS NOT NULL AND source."blob_id" = "edge"."source_id" AND target."blob_id" = "edge"."target_id" AND source."state" = 'deleted';
