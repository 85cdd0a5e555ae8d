import fc from 'fast-check'
import type { ExplanationResource } from '@studio/contracts'
import { setTimeout as delay } from 'node:timers/promises'
import { ask, pick } from '../person.ts'
import { stepOf, type Step } from './step.ts'

/** What is asked of cascades that are under way, and the time that a person takes between two things. */
export const orderSteps: fc.WeightedArbitrary<Step>[] = [
  stepOf(
    'order',
    4,
    { at: fc.nat(60), action: fc.constantFrom('pause', 'resume', 'cancel', 'retry-failed') },
    async (person, { at, action }) => {
      const derivation = pick(person.derivations, at)
      if (!derivation) return
      const explanation = await ask<ExplanationResource>(person, 'GET', `/blobs/${derivation.id}/explain`)
      const cascade = explanation?.last_change?.cascade_id
      if (cascade !== undefined) await ask(person, 'POST', `/cascades/${cascade}/${action}`)
    },
  ),
  stepOf('budget', 1, { runs: fc.option(fc.nat(4)) }, async (person, { runs }) => {
    await ask(person, 'PUT', '/budget', { per_cascade: { runs } })
  }),
  stepOf('think', 5, { ms: fc.nat(1500) }, async (_person, { ms }) => {
    await delay(ms)
  }),
]
