import type { ContentReader } from './content-reader.ts'
import { derivationKey, sha256, type InputContents } from './digest.ts'
import { rerunnable } from './providers.ts'

export interface Output {
  readonly hash: string
  readonly content_type: string
  /** The hash of it without what the provider says has no meaning, where it was made anew. */
  readonly normal_hash?: string
}

/** The work that a derivation key stands for. */
export interface Work {
  /** id@version */
  readonly provider: string
  readonly config: unknown
  readonly inputs: InputContents
}

/** Its output, made anew; null where that cannot be: no deterministic provider, or bytes of an input that are not there. */
export type Rerun = (work: Work) => Promise<Output | { error: string } | null>

export interface Reruns {
  readonly rerun: Rerun
  /** Whether a content is what the provider made, but for what it says has no meaning. */
  isSame(provider: string, made: Output, foundHash: string | null): Promise<boolean>
}

const remembered = 10_000

/** Runs providers on the contents of one tenant, the last 10,000 keys once each. */
export function createReruns(contents: ContentReader): Reruns {
  const outputs = new Map<string, Output | { error: string }>()
  const again: Rerun = async (work) => {
    const key = derivationKey(work.provider, work.config, work.inputs)
    const known = outputs.get(key)
    if (known) return known
    const output = await rerun(contents, work)
    if (output) outputs.set(key, output)
    const [oldest] = outputs.keys()
    if (outputs.size > remembered && oldest !== undefined) outputs.delete(oldest)
    return output
  }
  return {
    rerun: again,
    async isSame(provider, { hash, content_type, normal_hash }, found) {
      if (found === null || hash === found || normal_hash === undefined) return hash === found
      const bytes = await contents.read(found)
      return bytes !== null && normal_hash === normalHash(provider, bytes, content_type)
    },
  }
}

function normalHash(provider: string, bytes: Uint8Array, content_type: string): string | undefined {
  const normal = rerunnable.get(provider)?.normalise?.({ bytes, content_type })
  return normal === undefined ? undefined : sha256(normal)
}

async function rerun(contents: ContentReader, { provider: name, config, inputs }: Work): ReturnType<Rerun> {
  const provider = rerunnable.get(name)
  if (!provider) return null
  const read: Parameters<typeof provider.transform>[0] = {}
  for (const [input, blobs] of Object.entries(inputs)) {
    const list = (read[input] ??= [])
    for (const [content_type, hash] of blobs) {
      const bytes = await contents.read(hash)
      if (bytes === null) return null
      list.push({ bytes, content_type })
    }
  }
  try {
    const output = await provider.transform(read, config, new AbortController().signal)
    const { bytes, content_type = provider.manifest.output_type } = output
    const normal_hash = normalHash(name, bytes, content_type)
    return { hash: sha256(bytes), content_type, ...(normal_hash !== undefined && { normal_hash }) }
  } catch (error) {
    return { error: String(error) }
  }
}
