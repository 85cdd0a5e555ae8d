import type { BlobOperation, CreateBlob, PatchType, RevertBlob, SettleOverlay, UpdateBlob } from '@studio/contracts'
import { newId, parseContentType, StudioError } from '@studio/kernel'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { patchOfMember, type Patch } from '../domain/patch-format.ts'
import { contentOfEnvelope, replacement, type Keeping } from './content.ts'
import type { ReadEnvelope } from './envelope.ts'
import { idFrom } from './find-blob.ts'
import { checkMetadata } from './metadata.ts'
import type { Submission } from './submit.ts'

export async function creationOf(
  context: Context,
  principal: Principal,
  { members: envelope, bytes, isText }: ReadEnvelope<CreateBlob>,
  keeping: Keeping,
): Promise<Submission> {
  const contentType = envelope.content_type ?? (isText ? 'text/plain' : undefined)
  if (contentType === undefined) throw refused('/content_type', 'must say what the content is')
  const content_type = parseContentType(contentType)
  const metadata = checkMetadata(context, envelope.metadata)
  const content = await contentOfEnvelope(context, principal, bytes, envelope.content_id, keeping)
  if (!content) throw refused('', 'must have one of content, text and content_id')
  const { providers, conflict_policy, publication, delta_id } = envelope
  return {
    blob_id: newId(),
    operation: 'create',
    ...replacement(content, content_type),
    metadata,
    providers,
    conflict_policy,
    publication,
    delta_id,
  }
}

export async function updateOf(
  context: Context,
  principal: Principal,
  blob_id: string,
  { members: envelope, bytes, patch: given }: ReadEnvelope<UpdateBlob>,
  keeping: Keeping,
): Promise<Submission> {
  const { from_version, conflict, conflict_policy, publication, delta_id } = envelope
  const metadata = envelope.metadata && checkMetadata(context, envelope.metadata)
  const content_type = envelope.content_type === undefined ? undefined : parseContentType(envelope.content_type)
  const patch = given === null ? null : patchIn(context, envelope.patch_type, given)
  const content = await contentOfEnvelope(context, principal, bytes, envelope.content_id, keeping)
  if (content && patch) throw refused('', 'must have either content or a patch')
  if (!content && content_type !== undefined) throw refused('/content_type', 'goes with content, text or content_id')
  if (!content && !patch && !metadata && !conflict_policy && !publication)
    throw refused('', 'must have one of content, text, content_id, patch, metadata, conflict_policy and publication')
  return {
    blob_id,
    operation: 'update',
    ...(content ? replacement(content, content_type) : { change: patch }),
    metadata,
    from_version,
    conflict,
    conflict_policy,
    publication,
    delta_id,
  }
}

export function revertOf(blob_id: string, envelope: RevertBlob): Submission {
  const { to_version, from_version, conflict, delta_id } = envelope
  return { blob_id, operation: 'revert', revert_to: to_version, from_version, conflict, delta_id }
}

export async function settlementOf(
  context: Context,
  principal: Principal,
  blob_id: string,
  { members: envelope, bytes }: ReadEnvelope<SettleOverlay>,
  keeping: Keeping,
): Promise<Submission> {
  const { take, generated_hash = null, from_version, conflict, delta_id } = envelope
  const content_type = envelope.content_type === undefined ? undefined : parseContentType(envelope.content_type)
  const content = await contentOfEnvelope(context, principal, bytes, envelope.content_id, keeping)
  if ((content === null) === (take === undefined))
    throw refused('', 'must have one of take, content, text and content_id')
  if (!content && content_type !== undefined) throw refused('/content_type', 'goes with content, text or content_id')
  return {
    blob_id,
    operation: 'update',
    ...(content && replacement(content, content_type)),
    settle: { take: take ?? 'content', generated_hash },
    from_version,
    conflict,
    delta_id,
  }
}

/** One operation of a list: what the request that does the same alone would submit. */
export async function operationOf(
  context: Context,
  principal: Principal,
  envelope: ReadEnvelope<BlobOperation>,
): Promise<Submission> {
  const { members: operation } = envelope
  if (operation.op === 'create') return creationOf(context, principal, { ...envelope, members: operation }, 'inline')
  const blob_id = idFrom(operation.blob_id)
  if (operation.op === 'update')
    return updateOf(context, principal, blob_id, { ...envelope, members: operation }, 'inline')
  if (operation.op === 'revert') return revertOf(blob_id, operation)
  const { from_version, conflict, delta_id } = operation
  return { blob_id, operation: 'delete', from_version, conflict, delta_id }
}

function patchIn({ limits }: Context, type: PatchType, json: string): Patch {
  const change = patchOfMember(type, json)
  if (Buffer.byteLength(change.patch) <= limits.patch) return change
  throw new StudioError('body_too_large', `A patch may have at most ${limits.patch} bytes.`)
}
