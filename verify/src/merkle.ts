import { createHash } from 'node:crypto'

/** Builds the root of a Merkle tree over (blob id, head hash), leaf by leaf in the order of blob ids. */
export interface MerkleTree {
  /** `hash` null: the blob's head is a tombstone. */
  add(blobId: string, hash: string | null): void
  /** 64 hex digits. */
  root(): string
}

const hashOf = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The tree of RFC 9162 section 2.1 (leaves and nodes are told apart by a first byte); keeps one hash a level. */
export function createMerkleTree(): MerkleTree {
  const complete: (Buffer | undefined)[] = []
  return {
    add: (blobId, hash) => {
      let node = hashOf('\0', blobId, hash ?? 'deleted')
      let level = 0
      for (let left = complete[level]; left !== undefined; left = complete[++level]) {
        node = hashOf('\x01', left, node)
        complete[level] = undefined
      }
      complete[level] = node
    },
    root: () => {
      let right: Buffer | undefined
      for (const left of complete) if (left) right = right ? hashOf('\x01', left, right) : left
      return (right ?? hashOf('')).toString('hex')
    },
  }
}
