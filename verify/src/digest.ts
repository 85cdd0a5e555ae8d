import canonicalize from 'canonicalize'
import { createHash } from 'node:crypto'
import { v5 } from 'uuid'

/** SHA-256 in 64 lower-case hex digits. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Content types and hashes of a derivation's inputs, in order, by the name of the input. */
export type InputContents = Readonly<Record<string, readonly (readonly [contentType: string, hash: string])[]>>

/** The derivation key (design §2): SHA-256 of RFC 8785 JSON of provider id@version, config and input contents. */
export function derivationKey(provider: string, config: unknown, inputs: InputContents): string {
  return sha256(canonicalize({ provider, config, inputs }) ?? '')
}

// The namespaces are part of the format: every row's id hangs on them.
const runs = '8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a63'
const deltas = '8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a64'

/** The id that the run of a node in an epoch must have. */
export function runId(blobId: string, epoch: number): string {
  return v5(`${blobId}/${epoch}`, runs)
}

/** The id that the delta of a node's run must have. */
export function transformDeltaId(blobId: string, epoch: number, key: string): string {
  return v5(`${blobId}/${epoch}/${key}`, deltas)
}
