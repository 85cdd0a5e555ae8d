import { essenceOf } from '@studio/kernel'
import { defineProvider, inputOf, textOf, type Provider } from '@studio/provider-kit'
import { GrammarConfig, providerId, workflowType } from './contract.ts'
import { correctText } from './transform.ts'

/** The grammar checker: the text with its clear mistakes corrected, by the engine Harper. */
export const grammarChecker: Provider = defineProvider({
  manifest: {
    id: providerId,
    version: '1.1.0',
    name: 'Grammar checker',
    description:
      'Corrects the English mistakes that have exactly one correction. Names, and matters of taste, are left alone.',
    type: 'text',
    workflow_type: workflowType,
    inputs: { input: { types: ['text/plain', 'text/markdown'], list: false } },
    output_type: 'text/plain',
    max_input_bytes: 256 * 1024,
    timeout_ms: 30_000,
    batch_size: 20,
    trigger_events: ['blob.created', 'blob.updated'],
    trigger_created_by: ['text-expander'],
  },
  config: GrammarConfig,
  transform: async (inputs, { dialect }) => {
    const isMarkdown = essenceOf(inputOf(inputs, 'input').content_type) === 'text/markdown'
    const corrected = await correctText(textOf(inputs), isMarkdown ? 'markdown' : 'plaintext', dialect)
    return { bytes: Buffer.from(corrected, 'utf8'), content_type: isMarkdown ? 'text/markdown' : 'text/plain' }
  },
})
