import { isJsonType } from '@studio/kernel'
import { decodeText, defineProvider, inputOf, textOutput, type Provider } from '@studio/provider-kit'
import { compareJson } from './compare-json.ts'
import { compareTexts } from './compare-texts.ts'
import { CompareConfig, providerId, workflowType } from './contract.ts'

const slot = { types: ['text/*', 'application/json', 'application/*+json'], list: false }

/** What is different between two texts, line by line, or between two JSON documents, value by value. */
export const compare: Provider = defineProvider({
  manifest: {
    id: providerId,
    version: '1.0.0',
    name: 'Compare',
    description: 'Writes the difference of two texts line by line, or of two JSON documents value by value.',
    type: 'text',
    workflow_type: workflowType,
    inputs: { before: slot, after: slot },
    output_type: 'text/markdown',
    max_input_bytes: 1024 * 1024,
    timeout_ms: 10_000,
    batch_size: 50,
    trigger_events: [],
    trigger_created_by: [],
  },
  config: CompareConfig,
  transform: async (inputs) => {
    const sides = [inputOf(inputs, 'before'), inputOf(inputs, 'after')] as const
    const [before, after] = [decodeText(sides[0]), decodeText(sides[1])]
    const areJson = sides.every(({ content_type }) => isJsonType(content_type))
    return textOutput(areJson ? compareJson(before, after) : compareTexts(before, after))
  },
})
