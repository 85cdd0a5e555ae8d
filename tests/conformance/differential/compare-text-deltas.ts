import { patched } from '../run-case.ts'
import { referenceText } from './reference-text.ts'
import { compare, type Options, type Report } from './report.ts'
import { deltaFor, deltaSteps, texts } from './text-deltas.ts'

/** Generated text deltas: the engine on UTF-8 bytes against their definition on an array of code points. */
export function compareTextDeltas(options: Options): Report {
  return compare(
    'text deltas',
    [texts, deltaSteps],
    (tally, text, steps) => {
      const delta = deltaFor(text, steps)
      const reference = referenceText(text, delta)
      const outcome = patched('text', text, JSON.stringify(delta))
      if (JSON.stringify(outcome) !== JSON.stringify(reference)) {
        const parts = [text, delta, reference, outcome].map((part) => JSON.stringify(part))
        throw new Error(`${parts[0]}\n${parts[1]}\nby definition: ${parts[2]}\npatched: ${parts[3]}`)
      }
      tally.outcome('code' in reference ? reference.code : 'applied')
    },
    options,
  )
}
