/** Sizes in bytes. */
export interface Limits {
  /** Content of one blob. */
  readonly content: number
  /** A JSON envelope: base64 makes three bytes four; the rest is for its other members. */
  readonly envelope: number
  /** A patch document. */
  readonly patch: number
  /** A list of operations, the contents in it included. */
  readonly operations: number
  /** Metadata as JSON. */
  readonly metadata: number
  /** Arrays, objects and members in metadata: lists show it of hundreds of blobs at once. */
  readonly metadataExtent: number
  /** Any other JSON body. */
  readonly request: number
  /** Content up to this size goes inside the delta; larger content is staged at blob first, so that it crosses delta-engine as a hash only. */
  readonly inline: number
}

const kibibyte = 1024

export function limitsFor(maximumContent: number): Limits {
  return {
    content: maximumContent,
    envelope: Math.ceil((maximumContent * 4) / 3) + 64 * kibibyte,
    patch: 1024 * kibibyte,
    operations: 1024 * kibibyte,
    metadata: 16 * kibibyte,
    metadataExtent: 256,
    request: 256 * kibibyte,
    inline: 256 * kibibyte,
  }
}
