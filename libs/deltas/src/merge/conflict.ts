import type { Json } from '@studio/contracts'
import type { Author } from './authors.ts'

/** One side of a conflict: the operation, as its author wrote it on the version that it was made on. */
export interface Side {
  readonly by: Author
  readonly operation: Json
}

/** Two concurrent deltas that do different things to one place. `path`: JSON Pointer of the place (in `one`'s words); empty for text. */
export interface Conflict {
  readonly path: string
  readonly one: Side
  readonly other: Side
}
