import type { dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'
import { explain } from '../domain/explain.ts'
import { readKnown } from '../store/explain-reader.ts'
import { readStanding } from '../store/publication-standing.ts'

export function explanationRoutes({
  database,
  prisma,
  providers,
  blob,
}: Context): Pick<Handlers<typeof dagApi>, 'explain'> {
  return {
    explain: async ({ tenant_id, blob_id }) => {
      const known = await readKnown(database, prisma, tenant_id, blob_id)
      if (known === null) return { explanation: null }
      const { node, inputs } = known
      const [publication, provider, { items: versions }] = await Promise.all([
        readStanding(database, tenant_id, blob_id),
        node.provider_id === null ? null : providers.current(tenant_id, node.provider_id),
        inputs.length === 0
          ? { items: [] }
          : blob.call('readVersions', {
              items: inputs.map((input) => ({ tenant_id, blob_id: input.blob_id, version: input.version })),
            }),
      ])
      const withDeltas = inputs.map((input, at) => ({ ...input, delta_id: versions[at]?.delta_id ?? null }))
      return { explanation: { ...explain({ ...known, inputs: withDeltas, provider }), publication } }
    },
  }
}
