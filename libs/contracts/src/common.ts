import { z } from 'zod'

export const Uuid = z.uuid()
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
export const Timestamp = z.iso.datetime({ offset: true })
export const VersionNumber = z.int().min(1)
/** W3C trace context, carried through rows and events where no header goes. */
export const Traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)

/**
 * Any JSON value, passed on untouched. Not `z.json()`: that copies the value and leaves out every member named `__proto__`, so that a
 * patch would silently become another one.
 */
export const Json = z.custom<z.core.util.JSONType>((value) => value !== undefined, 'must be JSON')
export type Json = z.infer<typeof Json>
/** Any JSON object, passed on untouched. */
export const JsonObject = z.custom<Record<string, z.core.util.JSONType>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be a JSON object',
)
export type JsonObject = z.infer<typeof JsonObject>

/** The user's own words about a blob: any JSON object; at most 16 KiB, checked where it enters. */
export const Metadata = JsonObject.meta({ description: 'any JSON object' })
export type Metadata = z.infer<typeof Metadata>

/** Which providers may apply by their triggers: all that match, none, or those named. */
export const TriggerPolicy = z.union([z.literal(['auto', 'none']), z.array(z.string().min(1).max(64)).max(50)])
export type TriggerPolicy = z.infer<typeof TriggerPolicy>

/**
 * What becomes of a change that was made on another version than the head. `reject`: it is refused. `merge`: it is transformed over what
 * came since; a true conflict is refused with both sides. `last-write-wins`: as merge, and in a true conflict the change that has seen the
 * other stands, else the later one (by the time in the delta ids). What does not conflict is kept under both.
 */
export const ConflictPolicy = z.enum(['reject', 'merge', 'last-write-wins'])
export type ConflictPolicy = z.infer<typeof ConflictPolicy>

/**
 * When readers see what follows from a change of a source. `immediate`: each blob as it is made. `atomic`: the source and all that is derived from it at once, when
 * all of it has settled.
 */
export const Publication = z.enum(['immediate', 'atomic'])
export type Publication = z.infer<typeof Publication>

export const Operation = z.enum(['create', 'update', 'transform', 'delete', 'revert'])
export type Operation = z.infer<typeof Operation>

/** Bytes in a JSON body, or a reference to bytes that blob keeps already for this tenant. */
export const Content = z.union([z.object({ base64: z.base64() }), z.object({ hash: Sha256 })])
export type Content = z.infer<typeof Content>

/** Items that one request or answer carries, where its contract names no other number. */
export const maximumItems = 5000

/** `{items: T[]}`, the form of every request and answer that works item by item. */
export const items = <Item extends z.ZodType>(item: Item, maximum = maximumItems) =>
  z.object({ items: z.array(item).max(maximum) })

/** A blob of a tenant: what every lookup starts from. */
export const BlobReference = z.object({ tenant_id: Uuid, blob_id: Uuid })
export type BlobReference = z.infer<typeof BlobReference>
