import type { deltaApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { currentTraceparent } from '@studio/telemetry'
import type { Context } from '../context.ts'

/** The internal API of this service. */
export function deltaHandlers({
  submit,
  submitAtomically,
  submitTransforms,
  recorded,
  reader,
  eraseDeltas,
  diff,
}: Context): Handlers<typeof deltaApi> {
  const traced = <Item extends { traceparent: string | null }>(items: readonly Item[]): Item[] => {
    const here = currentTraceparent() ?? null
    return items.map((item) => ({ ...item, traceparent: item.traceparent ?? here }))
  }
  return {
    submit: async ({ items }) => ({ items: await submit(traced(items)) }),
    submitBatch: (request) =>
      submitAtomically({ ...request, traceparent: request.traceparent ?? currentTraceparent() ?? null }),
    submitTransforms: async ({ items }) => ({ items: await submitTransforms(traced(items)) }),
    readDelta: async ({ tenant_id, delta_id }) => {
      await recorded()
      return { delta: await reader.read(tenant_id, delta_id) }
    },
    readLatest: async (blob) => {
      await recorded()
      return { delta: await reader.latest(blob) }
    },
    readChain: async (request) => {
      await recorded()
      return reader.chain(request)
    },
    diff: (request) => diff(request),
    eraseDeltas: async ({ secret, ...scope }) => {
      await recorded()
      return { missing: await eraseDeltas(scope, Buffer.from(secret, 'base64')) }
    },
    listDeltas: async (request) => {
      await recorded()
      return reader.list(request)
    },
  }
}
