import type { PatchType } from '@studio/contracts'
import { readBody } from '@studio/http'
import { decodeUtf8 } from '@studio/kernel'
import type { Request } from 'express'
import type { Context } from '../context.ts'
import { patchOfText, type Patch } from '../domain/patch-format.ts'

/** A patch that is the whole body. Nobody reads it here: it is parsed and judged once, by delta-engine. Throws `invalid_utf8`. */
export async function readPatch({ limits }: Context, request: Request, type: PatchType): Promise<Patch> {
  return patchOfText(type, decodeUtf8(await readBody(request, limits.patch)))
}
