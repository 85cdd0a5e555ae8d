import { sha256 } from '@studio/kernel'
import { defineProvider, textOf, textOutput, type Provider } from '@studio/provider-kit'
import { z } from 'zod'

/** Cheap and deterministic, in as many versions as are wanted: release n writes another hash than all before it. */
export function releasedProvider(release: number): Provider {
  return defineProvider({
    manifest: {
      id: 'released',
      version: `1.${release}.0`,
      name: 'Released',
      description: 'Writes the hash of its release, its mark and its input.',
      type: 'test',
      // All that this workflow does is to have the activity of the claim's provider work it off.
      workflow_type: 'stamp',
      inputs: { input: { types: ['text/*'], list: false } },
      output_type: 'text/plain',
      max_input_bytes: 1024 * 1024,
      trigger_events: [],
      trigger_created_by: [],
      timeout_ms: 5000,
      batch_size: 20,
    },
    config: z.strictObject({ mark: z.string().max(100).default('') }),
    transform: async (inputs, { mark }) => textOutput(sha256(`${release}\n${mark}\n${textOf(inputs)}`)),
  })
}
