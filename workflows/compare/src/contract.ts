import { z } from 'zod'

export const providerId = 'compare'
export const workflowType = 'compare'

export const CompareConfig = z.strictObject({})
