import { z } from 'zod'

export const providerId = 'grammar-checker'
export const workflowType = 'grammarChecker'

/** `dialect`: whose English is right. */
export const GrammarConfig = z.strictObject({
  dialect: z.enum(['american', 'british', 'australian', 'canadian']).default('american'),
})
export type GrammarConfig = z.infer<typeof GrammarConfig>
