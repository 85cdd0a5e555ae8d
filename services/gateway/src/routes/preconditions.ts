import { DeltaIdHeader, type SubmitDelta } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { Request } from 'express'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { parseIfMatch } from '../domain/entity-tag.ts'
import { refused } from '../domain/json-text.ts'
import { findLiveBlob } from './find-blob.ts'
import type { Submission } from './submit.ts'

type Expectation = Pick<SubmitDelta, 'from_version' | 'expected'>

/** On which version the change has to be made, and how a mismatch is told: by If-Match 412, by `from_version` 409. */
export async function expectationOf(
  context: Context,
  principal: Principal,
  { blob_id, from_version, operation }: Submission,
  request: Request,
): Promise<Expectation> {
  const ifMatch = operation === 'create' ? undefined : parseIfMatch(request.headers['if-match'])
  // `*` asks for a blob that exists, and a change of one that does not is refused anyway.
  if (ifMatch === undefined || ifMatch.kind === 'any')
    return { from_version: from_version ?? null, expected: 'from_version' }
  if (ifMatch.kind === 'none') {
    const { version } = await findLiveBlob(context, principal, blob_id)
    throw new StudioError('precondition_failed', 'Give the ETag that the blob was read with, quotes included.', {
      extensions: { expected_version: null, current_version: version },
    })
  }
  if (from_version !== undefined && from_version !== ifMatch.version)
    throw refused('/from_version', 'must be the version that If-Match names')
  return { from_version: ifMatch.version, expected: 'if_match' }
}

/** A list says in its operations what these headers say of one change; there they would be overlooked. */
export function refuseHeadersOfOne({ headers }: Request): void {
  if (headers['if-match'] !== undefined)
    throw refused('If-Match', 'speaks of one blob: give from_version in the operations')
  if (headers['studio-delta-id'] !== undefined)
    throw refused('Studio-Delta-Id', 'speaks of one change: give delta_id in the operations')
}

const printable = /^[\x21-\x7e]{1,250}$/

/** What makes a change once, however often it is sent. */
export function idempotencyKey(request: Request): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !printable.test(key))
    throw refused('Idempotency-Key', 'must be 1 to 250 printable ASCII characters')
  return key
}

/** The client's own id of the delta: in the header `Studio-Delta-Id`, or in the envelope; null where the studio is to make one up. */
export function deltaId(request: Request, { delta_id }: Submission): string | null {
  const header = request.headers['studio-delta-id']
  if (header === undefined) return delta_id ?? null
  const parsed = DeltaIdHeader.safeParse(header)
  if (!parsed.success) throw refused('Studio-Delta-Id', 'must be a UUIDv7')
  return agreed('delta_id', delta_id, parsed.data) ?? null
}

/** A parameter that may stand in two places of a request: where it stands in both, it has to be the same. */
export function agreed<Value>(name: string, inBody: Value | undefined, outside: Value | undefined): Value | undefined {
  if (inBody !== undefined && outside !== undefined && inBody !== outside)
    throw refused(`/${name}`, 'must be the same wherever the request names it')
  return inBody ?? outside
}
