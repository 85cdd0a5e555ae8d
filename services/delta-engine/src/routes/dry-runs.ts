import { dryRunPath, SubmitDelta } from '@studio/contracts'
import { readBody, requireInternalToken, validate } from '@studio/http'
import { parseStrictJson, StudioError } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Express } from 'express'
import type { Context } from '../context.ts'

/** Bytes of a change without its content: its metadata may have 16 KiB, and all of it be escapes. */
const changeBytes = 256 * 1024
const lineFeed = 0x0a

/**
 * Dry runs of large content, which may not be staged at blob first and would hold the event loop as base64 inside of JSON: the change as one
 * line of JSON, then the bytes that are to take the place of its content.
 */
export function serveDryRuns(app: Express, { config, submit }: Context): void {
  const guard = requireInternalToken(config.STUDIO_INTERNAL_TOKEN)

  app.put(dryRunPath, guard, async (request, response) => {
    const body = await readBody(request, config.STUDIO_MAX_BLOB_BYTES + changeBytes)
    const end = body.indexOf(lineFeed)
    const item = validate(SubmitDelta, parseStrictJson(body.subarray(0, end === -1 ? undefined : end)))
    if (end === -1 || item.change?.format !== 'replace')
      throw new StudioError('invalid_request', 'Send whole content: the change, a line feed, the bytes.')
    const content = { base64: body.toString('base64', end + 1) }
    const [outcome] = await submit([
      {
        ...item,
        dry_run: true,
        change: { ...item.change, content },
        traceparent: item.traceparent ?? currentTraceparent() ?? null,
      },
    ])
    response.status(200).json(outcome)
  })
}
