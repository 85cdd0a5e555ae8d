import { counter, gauge, histogram } from './metrics.ts'

// The five metrics of the requirements. A process registers those it calls. Each keeps the number of its label values bounded:
// what clients or providers can make up must not grow a process's memory or the scrape.

const most = { contentTypes: 50, providers: 200, roots: 1000 }
const other = 'other'

/** Keeps the first `limit` values as they are and answers `other` for all later ones. */
function bounded(limit: number): (value: string) => string {
  const known = new Set<string>()
  return (value) => {
    if (known.has(value)) return value
    if (known.size >= limit) return other
    known.add(value)
    return value
  }
}

/** `studio_blob_creation_duration_seconds{content_type}`; the content type is reduced to its essence. */
export function blobCreationDuration(): { observe(contentType: string, seconds: number): void } {
  const metric = histogram(
    'studio_blob_creation_duration_seconds',
    'Time from the request to the committed first version.',
    ['content_type'],
  )
  const limit = bounded(most.contentTypes)
  return {
    observe: (contentType, seconds) => {
      const essence = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
      metric.observe({ content_type: /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(essence) ? limit(essence) : other }, seconds)
    },
  }
}

const operations = new Set(['create', 'update', 'transform', 'delete', 'revert'])

/** `studio_delta_application_duration_seconds{operation}`. */
export function deltaApplicationDuration(): { observe(operation: string, seconds: number): void } {
  const metric = histogram('studio_delta_application_duration_seconds', 'Time to apply a delta to its base version.', [
    'operation',
  ])
  return {
    observe: (operation, seconds) =>
      metric.observe({ operation: operations.has(operation) ? operation : other }, seconds),
  }
}

/** `studio_provider_processing_duration_seconds{provider_id}`. */
export function providerProcessingDuration(): { observe(providerId: string, seconds: number): void } {
  const metric = histogram('studio_provider_processing_duration_seconds', 'Time that a provider takes for one run.', [
    'provider_id',
  ])
  const limit = bounded(most.providers)
  return { observe: (providerId, seconds) => metric.observe({ provider_id: limit(providerId) }, seconds) }
}

/** `studio_dag_depth{root_id}`; keeps the 1,000 roots that were set last. */
export function dagDepth(): { set(rootId: string, depth: number): void } {
  const metric = gauge('studio_dag_depth', 'Levels of derivation below a root; the newest 1,000 roots.', ['root_id'])
  const roots = new Set<string>()
  return {
    set: (rootId, depth) => {
      roots.delete(rootId)
      roots.add(rootId)
      metric.set({ root_id: rootId }, depth)
      if (roots.size <= most.roots) return
      const [oldest] = roots
      if (oldest === undefined) return
      roots.delete(oldest)
      metric.remove({ root_id: oldest })
    },
  }
}

/** Look-ups after which older ones count half, so that the rate speaks of the present. */
const halfLife = 10_000

const rates = new Map<string, { hits: number; misses: number }>()

/** `studio_cache_hit_rate{cache_type}`: 0 to 1, over about the last 10,000 look-ups. */
export function cacheHitRate(): {
  hit(cacheType: string, times?: number): void
  miss(cacheType: string, times?: number): void
} {
  const lookups = counter('studio_cache_lookups_total', 'Look-ups in a cache by their result.', [
    'cache_type',
    'result',
  ])
  gauge('studio_cache_hit_rate', 'Share of recent look-ups that a cache answered.', ['cache_type'], function () {
    for (const [cacheType, { hits, misses }] of rates)
      this.set({ cache_type: cacheType }, hits + misses === 0 ? 0 : hits / (hits + misses))
  })
  const add = (cacheType: string, result: 'hits' | 'misses', times: number): void => {
    let rate = rates.get(cacheType)
    if (!rate) rates.set(cacheType, (rate = { hits: 0, misses: 0 }))
    rate[result] += times
    if (rate.hits + rate.misses > 2 * halfLife) {
      rate.hits /= 2
      rate.misses /= 2
    }
    lookups.inc({ cache_type: cacheType, result: result === 'hits' ? 'hit' : 'miss' }, times)
  }
  return {
    hit: (cacheType, times = 1) => add(cacheType, 'hits', times),
    miss: (cacheType, times = 1) => add(cacheType, 'misses', times),
  }
}
