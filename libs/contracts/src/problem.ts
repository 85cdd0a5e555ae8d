import type { Problem } from '@studio/kernel'
import { z } from 'zod'

/** RFC 9457 problem details on the wire. */
export const ProblemSchema: z.ZodType<Problem> = z.custom<Problem>(
  (value) => typeof value === 'object' && value !== null && 'code' in value && 'status' in value,
  'must be problem details',
)
