import { StudioError, sha256 } from '@studio/kernel'
import { decodeText, defineProvider, textOf, textOutput } from '@studio/provider-kit'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const common = {
  version: '1.0.0',
  type: 'test',
  inputs: { input: { types: ['text/*'], list: false } },
  output_type: 'text/plain',
  max_input_bytes: 1024 * 1024,
  // Applied by hand only, where a provider does not say otherwise.
  trigger_events: [],
  trigger_created_by: [],
}

const wordsOfText = 12

/** Cheap, and each input gives a new output: the SHA-256 of input and `mark`, then the beginning of the input's own last line. */
const stamp = defineProvider({
  manifest: {
    ...common,
    id: 'stamp',
    name: 'Stamp',
    description: 'Writes the hash of its input over what the input ends with.',
    workflow_type: 'stamp',
    timeout_ms: 1000,
    batch_size: 200,
  },
  config: z.strictObject({ mark: z.string().max(100).default('') }),
  transform: async (inputs, { mark }) => {
    const text = textOf(inputs)
    return textOutput(`${sha256(`${mark}\n${text}`)}\n${lastWords(text)}`)
  },
})

/** Cheap, of many inputs: the SHA-256 of `mark` and the SHA-256 of each part in order, then the beginning of the first part's own last line. */
const join = defineProvider({
  manifest: {
    ...common,
    id: 'join',
    name: 'Join',
    description: 'Writes the hash of all its parts over what the first of them ends with.',
    workflow_type: 'join',
    inputs: { parts: { types: ['text/*'], list: true } },
    timeout_ms: 5000,
    batch_size: 100,
  },
  config: z.strictObject({ mark: z.string().max(100).default('') }),
  transform: async ({ parts = [] }, { mark }) => {
    const hashes = parts.map(({ bytes }) => sha256(bytes))
    const [first = ''] = parts.map(decodeText)
    return textOutput(`${sha256([mark, ...hashes].join('\n'))}\n${lastWords(first)}`)
  },
})

function lastWords(text: string): string {
  const lastLine = text.slice(text.lastIndexOf('\n') + 1)
  return lastLine.split(' ').slice(0, wordsOfText).join(' ')
}

/** Fails while its input contains "fail", and quotes it where it contains "quote"; for good where it contains "permanent". */
const faulty = defineProvider({
  manifest: {
    ...common,
    id: 'faulty',
    name: 'Faulty',
    description: 'Fails while its input says so, else turns it to capitals.',
    workflow_type: 'faulty',
    timeout_ms: 5000,
    batch_size: 10,
  },
  config: z.strictObject({}),
  transform: async (inputs) => {
    const text = textOf(inputs)
    if (text.includes('permanent')) throw new StudioError('provider_refused', 'The input says that it is permanent.')
    if (text.includes('fail') && text.includes('quote')) throw new Error(`the input says: ${text}`)
    if (text.includes('fail')) throw new Error('the input says fail')
    return textOutput(text.toUpperCase())
  },
})

/** Waits `delay_ms` milliseconds, and then for as long as there is a file `held_by`; or until it is cancelled. */
const slow = defineProvider({
  manifest: {
    ...common,
    id: 'slow',
    name: 'Slow',
    description: 'Waits for delay_ms, and while there is a file held_by, then says what it read.',
    workflow_type: 'slow',
    timeout_ms: 60_000,
    batch_size: 1,
  },
  config: z.strictObject({
    delay_ms: z.int().min(0).max(60_000).default(1000),
    held_by: z.string().max(300).default(''),
  }),
  transform: async (inputs, { delay_ms, held_by }, signal) => {
    await sleep(delay_ms, undefined, { signal })
    while (existsSync(held_by)) await sleep(20, undefined, { signal })
    return textOutput(`after ${delay_ms} ms: ${textOf(inputs)}`)
  },
})

const picked = (text: string, fields: readonly string[]): string => {
  const document = JSON.parse(text) as Record<string, unknown>
  return JSON.stringify(fields.map((field) => [field, document[field]]))
}

/** Reads some fields of a document only; and says when it did so, which is of no meaning. */
const pick = defineProvider({
  manifest: {
    ...common,
    id: 'pick',
    name: 'Pick',
    description: 'Picks fields of a JSON document.',
    workflow_type: 'pick',
    inputs: { input: { types: ['application/json'], list: false } },
    output_type: 'application/json',
    timeout_ms: 5000,
    batch_size: 10,
  },
  config: z.strictObject({ fields: z.array(z.string()).default([]), note: z.string().max(100).default('') }),
  project: (input, _name, { fields }) => picked(decodeText(input), fields),
  transform: async (inputs, { fields }) => ({
    bytes: Buffer.from(JSON.stringify({ picked: picked(textOf(inputs), fields), at: performance.now() })),
  }),
  normalise: (output) => JSON.stringify((JSON.parse(decodeText(output)) as { picked: unknown }).picked),
})

/** Cheap, three of them, which apply by themselves to what users write as text/x-note: the SHA-256 of their id and the note. */
const labels = ['label-one', 'label-two', 'label-three'].map((id) =>
  defineProvider({
    manifest: {
      ...common,
      id,
      name: 'Label',
      description: 'Writes the hash of a note.',
      workflow_type: 'stamp',
      inputs: { input: { types: ['text/x-note'], list: false } },
      timeout_ms: 5000,
      batch_size: 100,
      trigger_events: ['blob.created', 'blob.updated'],
      trigger_created_by: ['user'],
    },
    config: z.strictObject({}),
    transform: async (inputs) => textOutput(sha256(`${id}\n${textOf(inputs)}`)),
  }),
)

export const providers = [stamp, join, faulty, slow, pick, ...labels]
