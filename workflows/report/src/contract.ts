import { z } from 'zod'

export const providerId = 'report'
export const workflowType = 'report'

/** `title`: what stands over the document, as plain text. */
export const ReportConfig = z.strictObject({ title: z.string().trim().min(1).max(200).default('Report') })
