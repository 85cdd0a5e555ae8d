import { z } from 'zod'

export const providerId = 'summariser'
export const workflowType = 'summariser'

/** `sentences`: how many of the text's own sentences the summary takes at most. */
export const SummaryConfig = z.strictObject({ sentences: z.int().min(1).max(100).default(3) })
