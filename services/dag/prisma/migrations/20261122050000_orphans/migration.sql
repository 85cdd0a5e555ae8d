-- AlterTable
ALTER TABLE "claim" ADD COLUMN "orphaned" BOOLEAN NOT NULL DEFAULT false;
