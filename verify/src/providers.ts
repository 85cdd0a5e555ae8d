import { compare } from '@studio/workflow-compare'
import { grammarChecker } from '@studio/workflow-grammar-checker'
import { report } from '@studio/workflow-report'
import { summariser } from '@studio/workflow-summariser'
import { textExpander } from '@studio/workflow-text-expander'

/** What a provider's transform reads: for each of its inputs the blobs, in order. */
export type InputBytes = Record<string, { bytes: Uint8Array; content_type: string }[]>

/** A provider that gives the same for the same. */
export interface DeterministicProvider {
  readonly manifest: { readonly id: string; readonly version: string; readonly output_type: string }
  transform(
    inputs: InputBytes,
    config: unknown,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; content_type?: string }>
  /** The part of an input that it reads, and its output without what has no meaning, where it says so. */
  project?(input: InputBytes[string][number], name: string, config: unknown): string | Uint8Array
  normalise?(output: InputBytes[string][number]): string | Uint8Array
}

const deterministic: DeterministicProvider[] = [textExpander(), grammarChecker, summariser, compare, report]

/**
 * The providers that can be run again, by id@version. For all others (a model behind an endpoint, older versions, other workers' providers)
 * the recorded output of the key has to be what the blob has.
 */
export const rerunnable: ReadonlyMap<string, DeterministicProvider> = new Map(
  deterministic.map((provider) => [`${provider.manifest.id}@${provider.manifest.version}`, provider]),
)
