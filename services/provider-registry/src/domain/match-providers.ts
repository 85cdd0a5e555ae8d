import type { Provider, TriggerSubject } from '@studio/contracts'
import { matchesContentType } from '@studio/kernel'
import { LRUCache } from 'lru-cache'
import { compilePattern, type Pattern } from './patterns.ts'

/**
 * The providers whose triggers apply to a blob. `readText` is called only where a provider asks for patterns in the content; null
 * (no such content) finds none.
 */
export async function matchProviders(
  providers: readonly Provider[],
  subject: TriggerSubject,
  readText: () => Promise<string | null>,
): Promise<Provider[]> {
  const candidates = providers.filter((provider) => triggerApplies(provider, subject))
  if (!candidates.some((provider) => provider.trigger_patterns.length > 0)) return candidates
  const text = await readText()
  return candidates.filter((provider) => findsPattern(provider, text))
}

/** All conditions but the patterns. A provider never applies below its own output: triggered loops end here. */
export function triggerApplies(provider: Provider, subject: TriggerSubject): boolean {
  return (
    provider.status === 'active' &&
    provider.trigger_events.includes(subject.event) &&
    policyAllows(subject.providers, provider.id) &&
    !subject.ancestry.includes(provider.id) &&
    (provider.trigger_created_by.length === 0 || provider.trigger_created_by.includes(subject.created_by)) &&
    subject.size <= provider.max_input_bytes &&
    typesOf(provider).some((pattern) => matchesContentType(pattern, subject.content_type))
  )
}

/** Content types of the one input that a provider with triggers has. */
function typesOf({ inputs }: Provider): string[] {
  return Object.values(inputs).flatMap(({ types }) => types)
}

function policyAllows(policy: TriggerSubject['providers'], providerId: string): boolean {
  if (policy === 'auto') return true
  return policy !== 'none' && policy.includes(providerId)
}

// Compiling costs more than looking; a digest stands for one manifest for ever.
const compiled = new LRUCache<string, Pattern[]>({ max: 500 })

function findsPattern(provider: Provider, text: string | null): boolean {
  if (provider.trigger_patterns.length === 0) return true
  if (text === null) return false
  let patterns = compiled.get(provider.digest)
  if (patterns === undefined) compiled.set(provider.digest, (patterns = provider.trigger_patterns.map(compilePattern)))
  return patterns.some((pattern) => pattern.test(text))
}
