import { z } from 'zod'
import { Timestamp } from './common.ts'

const cap = z.int().min(0).nullable()

/**
 * What providers may take: runs that they begin, tokens, and money in millionths of a dollar; null: as much as they like. What tokens and money a run takes is
 * known when it has ended, so what is under way goes over these caps; runs are counted when they begin.
 */
export const Budget = z.object({ runs: cap, tokens: cap, cost_microdollars: cap })
export type Budget = z.infer<typeof Budget>

export const noBudget: Budget = { runs: null, tokens: null, cost_microdollars: null }

/** What providers have taken. Outputs that were recorded take nothing. */
export const Spent = z.object({ runs: z.int().min(0), tokens: z.int().min(0), cost_microdollars: z.int().min(0) })
export type Spent = z.infer<typeof Spent>

/** What all of a tenant's cascades may take in a day (of UTC), and what each may that begins from now on. */
export const TenantBudget = z.object({ per_day: Budget, per_cascade: Budget })
export type TenantBudget = z.infer<typeof TenantBudget>

export const SpentToday = Spent.extend({ since: Timestamp })
export type SpentToday = z.infer<typeof SpentToday>

/** Why a cascade is paused: somebody asked for it, or it needs a run and this cap is reached, its own or the tenant's of a day. */
export const PauseReason = z.enum([
  'request',
  'runs',
  'tokens',
  'cost_microdollars',
  'daily_runs',
  'daily_tokens',
  'daily_cost_microdollars',
])
export type PauseReason = z.infer<typeof PauseReason>
