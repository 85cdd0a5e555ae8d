-- Manifests name their inputs: what had `input_types` has the one input `input`. As text, since a manifest may hold \u0000, which PostgreSQL keeps in
-- json but cannot read there. The first match is the member itself: it stands before all members of free form, and quotes within strings are
-- escaped. Digests stay those of the manifests as they were registered, so that a version is never registered again in another form.
UPDATE "registry"."provider_version"
   SET "manifest" = regexp_replace("manifest"::text,
         '"input_types":(\[(?:"(?:[^"\\]|\\.)*",?)*\])', '"inputs":{"input":{"types":\1,"list":false}}')::json
 WHERE "manifest"::text ~ '"input_types":\[';
