/**
 * Who made a delta, as far as merging has to know: its id, the version that it made, and the version that its author had seen. Versions
 * are dense, so what somebody had seen is a prefix of the history, told by one number.
 */
export interface Author {
  readonly id: string
  readonly version: number
  readonly saw: number
}

/** What is known at one moment: the versions up to `through`, and the own delta of whoever looks. */
export interface View {
  readonly through: number
  readonly self?: Author
}

/** Whether a view has what this author did; null is the common base, which everybody has seen. */
export function isKnown(view: View, author: Author | null): boolean {
  return author === null || author.version <= view.through || author === view.self
}

/** Neither has seen the other. */
export function areConcurrent(one: Author, other: Author): boolean {
  return one !== other && other.version > one.saw && one.version > other.saw
}

/** Among concurrent deltas the one with the greater id is the later one: ids that sort by time (UUIDv7) are its clock. */
export function isLater(one: Author, other: Author): boolean {
  return one.id > other.id
}
