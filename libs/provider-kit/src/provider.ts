import type { ProviderManifest, Usage } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { z } from 'zod'

/** One blob that a transform reads. */
export interface InputContent {
  bytes: Uint8Array
  content_type: string
}

/** What a transform reads: for each input of the manifest its blobs in order, at least one; exactly one where the input is no list. */
export type Inputs = Readonly<Record<string, readonly InputContent[]>>

/** What a transform makes; without a content type it is the manifest's `output_type`. `usage`: what it took, where the provider knows. */
export interface Output {
  bytes: Uint8Array
  content_type?: string
  usage?: Usage
}

/**
 * Bytes to bytes: the same inputs and configuration give the same output (where the work itself allows it). Raise a StudioError whose
 * code is not retryable (`input_not_supported`, `invalid_configuration` …) where another attempt is no use; whatever else is thrown is
 * tried again. `signal` aborts when the result is no longer wanted or the time is over.
 */
export type Transform<Config> = (inputs: Inputs, config: Config, signal: AbortSignal) => Promise<Output>

/**
 * What a provider reads of its inputs, and which of its outputs are the same to whom reads them. Both are pure: the same for the same, whatever else happens.
 *
 * - `project`: the part of one blob of the input `name` on which the output depends, in a form of which equal parts are equal bytes. Where an edit leaves that as it
 *   was nothing runs. It throws where the blob is not what it should be: then the whole counts.
 * - `normalise`: the output without what has no meaning (such as the order of keys, or a time). Where a new output is the head's but for that, the head stays.
 */
export interface Equality<Config> {
  project?: (input: InputContent, name: string, config: Config) => string | Uint8Array
  normalise?: (output: InputContent) => string | Uint8Array
}

type Described = 'config_schema' | 'default_config' | 'task_queue'
type Optional = 'input_schema' | 'output_schema' | 'trigger_patterns'

interface ProviderDescription<Schema extends z.ZodType> extends Equality<z.output<Schema>> {
  /** The manifest but for what follows from the rest: the worker knows its task queue, the configuration's schema is made from `config`. */
  manifest: Omit<ProviderManifest, Described | Optional> & Partial<Pick<ProviderManifest, Optional>>
  /** Must take `{}`: each field has a default. */
  config: Schema
  transform: Transform<z.output<Schema>>
}

/** A provider as a worker hosts it. */
export interface Provider {
  manifest: Omit<ProviderManifest, 'task_queue'>
  /** Throws `invalid_configuration` where the configuration is not one of this provider's. */
  transform(inputs: Inputs, config: unknown, signal: AbortSignal): Promise<Output>
  /** Throws as `transform`. */
  project?: Equality<unknown>['project']
  normalise?: Equality<unknown>['normalise']
}

/** Joins manifest, configuration and transform of a provider. */
export function defineProvider<Schema extends z.ZodType>({
  manifest,
  config,
  transform,
  project,
  normalise,
}: ProviderDescription<Schema>): Provider {
  const parse = (given: unknown): z.output<Schema> => {
    const parsed = config.safeParse(given)
    if (!parsed.success) throw new StudioError('invalid_configuration', z.prettifyError(parsed.error))
    return parsed.data
  }
  return {
    manifest: {
      input_schema: null,
      output_schema: null,
      trigger_patterns: [],
      ...manifest,
      config_schema: z.toJSONSchema(config, { io: 'input' }) as ProviderManifest['config_schema'],
      default_config: config.parse({}) as ProviderManifest['default_config'],
    },
    transform: async (inputs, given, signal) => transform(inputs, parse(given), signal),
    ...(project && { project: (input, name, given) => project(input, name, parse(given)) }),
    ...(normalise && { normalise }),
  }
}

/** The one blob of an input that is no list. */
export function inputOf(inputs: Inputs, name: string): InputContent {
  const [content] = inputs[name] ?? []
  if (content === undefined) throw new StudioError('input_not_supported', `The input "${name}" is missing.`)
  return content
}

/** The text of a blob; throws `input_not_supported` where it is not UTF-8. */
export function decodeText({ bytes }: InputContent): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new StudioError('input_not_supported', 'The text must be UTF-8.', { cause: error })
  }
}

/** The text of the one blob of a provider with a single input, whatever its name; throws `input_not_supported` where it is not UTF-8. */
export function textOf(inputs: Inputs): string {
  const [name = 'input'] = Object.keys(inputs)
  return decodeText(inputOf(inputs, name))
}

export function textOutput(text: string): Output {
  return { bytes: Buffer.from(text, 'utf8') }
}
