import { defineProvider, textOf, textOutput, type Provider } from '@studio/provider-kit'
import { providerId, SummaryConfig, workflowType } from './contract.ts'
import { summarise } from './transform.ts'

/** The summariser: a text's most important sentences, word for word, by wink-nlp. */
export const summariser: Provider = defineProvider({
  manifest: {
    id: providerId,
    version: '1.1.0',
    name: 'Summariser',
    description: 'Takes the most important sentences out of an English text, word for word, in its own order.',
    type: 'text',
    workflow_type: workflowType,
    inputs: { input: { types: ['text/plain', 'text/markdown'], list: false } },
    output_type: 'text/plain',
    max_input_bytes: 256 * 1024,
    timeout_ms: 30_000,
    batch_size: 50,
    trigger_events: ['blob.created', 'blob.updated'],
    trigger_created_by: ['text-expander'],
  },
  config: SummaryConfig,
  transform: async (inputs, { sentences }) => textOutput(await summarise(textOf(inputs), sentences)),
})
