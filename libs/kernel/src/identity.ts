import { parse, v5, v7 } from 'uuid'
import { canonicalJson, sha256 } from './hash.ts'

const namespace = {
  tenant: parse('8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a60'),
  user: parse('8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a61'),
  blob: parse('8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a62'),
  run: parse('8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a63'),
  delta: parse('8f1d7c1e-6a53-5b0e-9c1a-3b7d2f4e5a64'),
} as const

/** As bytes, which the library need not make of strings its own way: half the time. */
const named = (name: string, kind: keyof typeof namespace): string => v5(Buffer.from(name), namespace[kind])

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A new id that sorts by time of making (UUIDv7), so that index pages fill one after another. */
export function newId(): string {
  return v7()
}

/** The uuid that stands for a token's tenant or user: itself where it is one, else a UUIDv5 of its text. */
export function principalId(kind: 'tenant' | 'user', name: string): string {
  return uuidPattern.test(name) ? name.toLowerCase() : named(name, kind)
}

/** Named inputs of a derivation: each name stands for an ordered list of blob ids. */
export type NamedInputs = Readonly<Record<string, readonly string[]>>

/** Identity of a derived blob (design: UUIDv5 of tenant, provider id, named inputs, label): no retry makes a second one. */
export function derivedBlobId(tenantId: string, providerId: string, inputs: NamedInputs, label: string): string {
  return named(canonicalJson([tenantId, providerId, inputs, label]), 'blob')
}

/** Id of the run of a node in an epoch; a job is such a run. */
export function runId(nodeId: string, epoch: number): string {
  return named(`${nodeId}/${epoch}`, 'run')
}

/** Id of the delta that a provider's run commits: the same for every attempt of that run on those inputs. */
export function transformDeltaId(nodeId: string, epoch: number, key: string): string {
  return named(`${nodeId}/${epoch}/${key}`, 'delta')
}

/** What a derivation key is made of: for each input name the content type and SHA-256 of each blob, in order. */
export interface DerivationKeyParts {
  provider_id: string
  provider_version: string
  config: unknown
  inputs: Readonly<Record<string, readonly (readonly [contentType: string, contentHash: string])[]>>
}

/** Inputs as a derivation key has them: by name the content type and hash of each (of the part that is read, where that is known), in order. */
export function contentsByName(
  inputs: readonly { name: string; content_type: string; content_hash: string; read_hash?: string | undefined }[],
): Record<string, [string, string][]> {
  const named: Record<string, [string, string][]> = {}
  for (const { name, content_type, content_hash, read_hash } of inputs)
    (named[name] ??= []).push([content_type, read_hash ?? content_hash])
  return named
}

/** The memo key of a derivation: SHA-256 of canonical JSON of provider id@version, config and input contents. */
export function derivationKey(parts: DerivationKeyParts): string {
  return sha256(
    canonicalJson({
      provider: `${parts.provider_id}@${parts.provider_version}`,
      config: parts.config,
      inputs: parts.inputs,
    }),
  )
}
