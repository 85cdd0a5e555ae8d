import { z } from 'zod'

export const providerId = 'text-expander'
export const workflowType = 'textExpander'

/** `target_length`: words that the output should come to; it never has fewer than its input, which it contains. */
export const ExpanderConfig = z.strictObject({ target_length: z.int().min(1).max(20_000).default(200) })
export type ExpanderConfig = z.infer<typeof ExpanderConfig>

/** An OpenAI-compatible endpoint: the base URL that `/chat/completions` hangs on. */
export interface ModelEndpoint {
  url: string
  model: string
  apiKey?: string | undefined
  /** Price of 1,000 tokens, prompt and completion alike, in millionths of a dollar; without it costs are not known. */
  costPer1kTokens?: number | undefined
}
