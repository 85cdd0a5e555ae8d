-- Where a delta was merged: the version that its author made it on, and the change as it was meant there.
ALTER TABLE "delta"."delta" ADD COLUMN "original" JSON;
