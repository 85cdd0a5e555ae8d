import { essenceOf } from '@studio/kernel'
import { decodeText, defineProvider, textOutput, type Provider } from '@studio/provider-kit'
import { providerId, ReportConfig, workflowType } from './contract.ts'
import { writeReport } from './transform.ts'

/** One document of many texts: a title, a table of contents, a section a text. */
export const report: Provider = defineProvider({
  manifest: {
    id: providerId,
    version: '1.0.0',
    name: 'Report',
    description:
      'Puts texts together to one document with a title, a table of contents and a section for each of them.',
    type: 'text',
    workflow_type: workflowType,
    inputs: { texts: { types: ['text/plain', 'text/markdown'], list: true } },
    output_type: 'text/markdown',
    max_input_bytes: 256 * 1024,
    timeout_ms: 30_000,
    batch_size: 20,
    trigger_events: [],
    trigger_created_by: [],
  },
  config: ReportConfig,
  transform: async (inputs, { title }, signal) => {
    const texts = (inputs['texts'] ?? []).map((content) => ({
      text: decodeText(content),
      isMarkdown: essenceOf(content.content_type) === 'text/markdown',
    }))
    return textOutput(await writeReport(title, texts, signal))
  },
})
