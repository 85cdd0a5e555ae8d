import { canonicalJson, isStudioError, sha256, StudioError } from '@studio/kernel'
import type { SubmitDelta } from '@studio/contracts'

/**
 * Tells whether two requests under one idempotency key are the same. The trace is no part of what is asked; nor is the id of a blob that is to
 * be created, since each attempt makes up its own. Throws `invalid_request` for a request that has no canonical
 * form (RFC 8785) and for a key that no row can hold.
 */
export function requestHash(item: SubmitDelta): string {
  const { traceparent: _traceparent, idempotency_key: _key, blob_id, ...asked } = item
  // PostgreSQL has no text with it.
  if (item.idempotency_key?.includes('\0'))
    throw new StudioError('invalid_request', 'An idempotency key must not hold the character U+0000.')
  try {
    return sha256(canonicalJson(item.operation === 'create' ? asked : { ...asked, blob_id }))
  } catch (error) {
    if (isStudioError(error)) throw error
    throw new StudioError('invalid_request', 'A change with an idempotency key must not hold lone surrogates.')
  }
}
