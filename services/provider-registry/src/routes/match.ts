import { contentOf } from '@studio/clients'
import type { registryApi, TriggerSubject } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { failpoint, isStudioError } from '@studio/kernel'
import type { Context } from '../context.ts'
import { matchProviders } from '../domain/match-providers.ts'

// Trigger patterns look at the beginning of large content; RE2 takes about 60 ms for this much.
const searchedBytes = 1024 * 1024

export function matchRoute({ catalogue, blob }: Context): Handlers<typeof registryApi>['match'] {
  const readText = async ({ tenant_id, content_hash, text }: TriggerSubject): Promise<string | null> => {
    if (text !== undefined) return text
    const reference = { tenant_id, hash: content_hash }
    const bytes = await contentOf(blob, reference, await blob.one('readContents', reference)).catch(nullIfPurged)
    return bytes && bytes.subarray(0, searchedBytes).toString('utf8')
  }
  return async ({ items }) => {
    failpoint('registry.match.before')
    const answer = {
      items: await Promise.all(
        items.map(async (subject) => {
          const providers = [...(await catalogue.visible(subject.tenant_id)).values()]
          return { providers: await matchProviders(providers, subject, () => readText(subject)) }
        }),
      ),
    }
    failpoint('registry.match.after')
    return answer
  }
}

/** An event may come again long after its content has gone. */
function nullIfPurged(error: unknown): null {
  if (isStudioError(error, 'content_purged')) return null
  throw error
}
