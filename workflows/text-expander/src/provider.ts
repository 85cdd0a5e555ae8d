import { defineProvider, textOf, textOutput, type Provider } from '@studio/provider-kit'
import { expandByModel } from './ask-model.ts'
import { ExpanderConfig, providerId, workflowType, type ModelEndpoint } from './contract.ts'
import { expandText } from './transform.ts'

const version = '1.1.0'

/** The text expander: by its own rule, or by a model where an endpoint is given. A model's output is another version's: its name is part of it. */
export function textExpander(endpoint?: ModelEndpoint): Provider {
  return defineProvider({
    manifest: {
      id: providerId,
      version: endpoint === undefined ? version : `${version}+${buildOf(endpoint.model)}`,
      name: 'Text expander',
      description:
        endpoint === undefined
          ? 'Adds notes to a text, made from its own words: how it begins, its key terms, its sentences, until target_length words are reached.'
          : `Has the model ${endpoint.model} write the text out to about target_length words.`,
      type: 'text',
      workflow_type: workflowType,
      inputs: { input: { types: ['text/plain', 'text/markdown'], list: false } },
      output_type: 'text/plain',
      max_input_bytes: 256 * 1024,
      timeout_ms: endpoint === undefined ? 5000 : 120_000,
      batch_size: endpoint === undefined ? 100 : 1,
      trigger_events: ['blob.created', 'blob.updated'],
      trigger_created_by: ['user'],
    },
    config: ExpanderConfig,
    transform: async (inputs, { target_length }, signal) => {
      const text = textOf(inputs)
      if (endpoint === undefined) return textOutput(expandText(text, target_length))
      const expanded = await expandByModel(endpoint, text, target_length, signal)
      return { ...textOutput(expanded.text), usage: expanded.usage }
    },
  })
}

// Build metadata of a version takes letters, digits, dots and dashes only.
function buildOf(model: string): string {
  return model.replaceAll(/[^0-9A-Za-z.-]+/g, '-').slice(0, 64)
}
