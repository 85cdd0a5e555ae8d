import type { ContentReader } from './content-reader.ts'
import { sha256, type InputContents } from './digest.ts'
import { rerunnable } from './providers.ts'

/** An input of which a part was read, as a worker recorded it. */
export interface Reading {
  readonly name: string
  readonly content_type: string
  readonly content_hash: string
  readonly read_hash?: string
}

/**
 * What stands for inputs in a derivation key: contents, or the parts of them that the provider reads. Where the provider can be asked it is asked; of others the
 * workers' records count.
 */
export async function partsRead(
  contents: ContentReader,
  provider: string,
  config: unknown,
  inputs: InputContents,
  recorded: readonly Reading[],
): Promise<InputContents> {
  const known = rerunnable.get(provider)
  const parts = new Map(
    recorded.map(({ name, content_type, content_hash, read_hash }) => [
      `${name} ${content_type} ${content_hash}`,
      read_hash,
    ]),
  )
  const read = async (name: string, content_type: string, hash: string): Promise<string> => {
    if (known === undefined) return parts.get(`${name} ${content_type} ${hash}`) ?? hash
    if (known.project === undefined) return hash
    const bytes = await contents.read(hash)
    if (bytes === null) return hash
    try {
      return sha256(known.project({ bytes, content_type }, name, config))
    } catch {
      return hash
    }
  }
  const named: Record<string, [string, string][]> = {}
  for (const [name, blobs] of Object.entries(inputs)) {
    named[name] = []
    for (const [content_type, hash] of blobs) named[name].push([content_type, await read(name, content_type, hash)])
  }
  return named
}
