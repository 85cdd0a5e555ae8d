/**
 * The tables that the relay works on, as they stand in the migrations of each service that sends events. `json`, not `jsonb`: an event is
 * passed on as it was written. Rows stay a day after they were sent, since an acknowledged message can be lost with its stream.
 */
export const outboxMigration = `
CREATE TABLE "outbox" (
  "id" UUID NOT NULL,
  "sequence" BIGSERIAL NOT NULL,
  "subject" TEXT NOT NULL,
  "event" JSON NOT NULL,
  "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "sent_at" TIMESTAMPTZ(6),
  CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "outbox_created_at_idx" ON "outbox"("created_at");
CREATE INDEX "outbox_unsent_idx" ON "outbox"("sequence") WHERE "sent_at" IS NULL;
CREATE TABLE "outbox_stream" (
  "stream" TEXT NOT NULL,
  "created" TIMESTAMPTZ(6) NOT NULL,
  "last_sequence" BIGINT NOT NULL,
  CONSTRAINT "outbox_stream_pkey" PRIMARY KEY ("stream")
);
`
