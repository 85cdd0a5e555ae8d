import fc from 'fast-check'
import type { BlobResource, DerivationResource } from '@studio/contracts'
import { ask, note, pick, type Person } from '../person.ts'
import { stepOf, type Step } from './step.ts'

const at = fc.nat(60)
const mark = fc.constantFrom('one', 'two')

/** Inputs of each provider, of blobs drawn from all that there are, derived ones too: so chains and diamonds come about. */
const inputsOf: Record<string, (ids: readonly [string, string, string]) => object> = {
  stamp: ([input]) => ({ input }),
  released: ([input]) => ({ input }),
  faulty: ([input]) => ({ input }),
  slow: ([input]) => ({ input }),
  join: (parts) => ({ parts: [...new Set(parts)] }),
  report: (texts) => ({ texts: [...new Set(texts)] }),
  compare: ([before, after]) => ({ before, after }),
}
const configurationOf = (provider: string, mark: string): object => {
  if (provider === 'slow') return { delay_ms: mark === 'one' ? 300 : 700 }
  return ['stamp', 'released', 'join'].includes(provider) ? { mark } : {}
}
const provider = fc.constantFrom(...Object.keys(inputsOf), 'stamp', 'join', 'join', 'released')
const inputs = fc.tuple(at, at, at)

/** Only `compare` takes documents. */
function choose(person: Person, provider: string, [first, second, third]: readonly [number, number, number]) {
  const sources = person.sources.filter(({ form }) => form === 'text' || provider === 'compare')
  const ids = [...sources, ...person.derivations].map(({ id }) => id)
  const [one, two, three] = [pick(ids, first), pick(ids, second), pick(ids, third)]
  return one === undefined || two === undefined || three === undefined ? null : ([one, two, three] as const)
}

/** A blob made of others from now on. */
export const derive = stepOf('derive', 8, { provider, inputs, mark }, async (person, { provider, inputs, mark }) => {
  const ids = choose(person, provider, inputs)
  const given = ids && inputsOf[provider]?.(ids)
  if (!given) return
  const body = { provider_id: provider, inputs: given, configuration: configurationOf(provider, mark) }
  const made = await ask<DerivationResource>(person, 'POST', '/derivations', body)
  if (made && person.derivations.every(({ id }) => id !== made.id)) person.derivations.push({ id: made.id, provider })
})

/** Derivations are made, rewired, configured anew and removed, what they make is edited by hand, and providers are asked on demand. */
export const derivationSteps: fc.WeightedArbitrary<Step>[] = [
  derive,
  stepOf('rewire', 2, { at, inputs }, async (person, { at, inputs }) => {
    const derivation = pick(person.derivations, at)
    const ids = derivation && choose(person, derivation.provider, inputs)
    const given = ids && inputsOf[derivation.provider]?.(ids)
    if (given) await ask(person, 'PATCH', `/derivations/${derivation.id}`, { inputs: given })
  }),
  stepOf('configure', 2, { at, mark }, async (person, { at, mark }) => {
    const derivation = pick(person.derivations, at)
    if (!derivation) return
    const configuration = configurationOf(derivation.provider, mark)
    await ask(person, 'PATCH', `/derivations/${derivation.id}`, { configuration })
  }),
  stepOf('by hand', 3, { at, mark, top: fc.boolean() }, async (person, { at, mark, top }) => {
    const derivation = pick(person.derivations, at)
    const blob = derivation && (await ask<BlobResource>(person, 'GET', `/blobs/${derivation.id}?include=content`))
    if (blob?.text === undefined) return
    const text = top ? `${mark}, by hand\n${blob.text}` : `${blob.text}\n${mark}, by hand`
    const edited = await ask<BlobResource>(person, 'PATCH', `/blobs/${blob.id}`, { text, from_version: blob.version })
    if (edited) note(person, edited, text)
  }),
  stepOf('settle', 1, { at, take: fc.constantFrom('generated', 'edited') }, async (person, { at, take }) => {
    const derivation = pick(person.derivations, at)
    if (derivation) await ask(person, 'POST', `/blobs/${derivation.id}/overlay`, { take })
  }),
  stepOf('remove', 1, { at }, async (person, { at }) => {
    const derivation = pick(person.derivations, at)
    if (derivation) await ask(person, 'DELETE', `/derivations/${derivation.id}`)
  }),
  stepOf('process', 2, { at, provider: fc.constantFrom('stamp', 'faulty', 'summariser') }, async (person, drawn) => {
    const [blob_id] = choose(person, drawn.provider, [drawn.at, drawn.at, drawn.at]) ?? []
    if (blob_id === undefined) return
    const job = await ask<{ job_id: string }>(person, 'POST', `/providers/${drawn.provider}/process`, { blob_id })
    if (job) person.jobs.push(job.job_id)
  }),
  stepOf('retry', 1, { at }, async (person, { at }) => {
    const job = pick(person.jobs, at)
    if (job !== undefined) await ask(person, 'POST', `/jobs/${job}/retry`)
  }),
]
