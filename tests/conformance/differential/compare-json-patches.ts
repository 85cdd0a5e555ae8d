import { applied, patched } from '../run-case.ts'
import { judgePeers } from './compare-peers.ts'
import { documents } from './documents.ts'
import { explanationOf } from './explained.ts'
import { patchChoices, patchFor } from './json-patches.ts'
import { referenceJsonPatch } from './reference-json-patch.ts'
import { compare, type Options, type Report } from './report.ts'

/**
 * Generated JSON Patches: the engine, on its way from bytes to bytes and as a pure function, must do byte for byte what the reference does,
 * and refuse with the same code at the same operation; each operation then goes to the other implementations, whose disagreements must be
 * explained.
 */
export function compareJsonPatches(options: Options): Report {
  return compare(
    'JSON Patch',
    [documents, patchChoices],
    (tally, document, choices) => {
      const patch = patchFor(document, choices)
      const reference = referenceJsonPatch(document, patch)
      const expected = JSON.stringify('code' in reference ? reference : { text: JSON.stringify(reference.value) })
      const texts = [JSON.stringify(document), JSON.stringify(patch)] as const
      for (const engine of [patched, applied]) {
        const outcome = JSON.stringify(engine('json-patch', ...texts))
        if (outcome !== expected) {
          throw new Error(`${texts.join('\n')}\nby the RFC: ${expected}\n${engine.name}: ${outcome}`)
        }
      }
      for (const { peer, disagreement } of judgePeers(document, patch)) {
        if (!disagreement) {
          tally.agreed(peer)
          continue
        }
        const explanation = explanationOf(disagreement)
        if (!explanation) throw new Error(`unexplained: ${JSON.stringify(disagreement)}`)
        tally.explained(`${peer} ${explanation.fault} (${explanation.rule})`)
      }
      tally.outcome('code' in reference ? reference.code : 'applied')
    },
    options,
  )
}
