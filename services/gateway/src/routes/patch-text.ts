import { isUtf8 } from 'node:buffer'
import type { PatchType } from '@studio/contracts'
import { readBody } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Request } from 'express'
import type { Context } from '../context.ts'
import { patchOfText, type Patch } from '../domain/patch-format.ts'

/** A patch that is the whole body. Nobody reads it here: it is parsed and judged once, by delta-engine. Throws `invalid_utf8`. */
export async function readPatch({ limits }: Context, request: Request, type: PatchType): Promise<Patch> {
  const bytes = await readBody(request, limits.patch)
  if (!isUtf8(bytes)) throw new StudioError('invalid_utf8', 'Send the patch in UTF-8.')
  return patchOfText(type, bytes.toString('utf8'))
}
