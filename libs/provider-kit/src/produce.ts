import { noUsage, Usage } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { currentTraceparent, span } from '@studio/telemetry'
import { collectInputs } from './collect-inputs.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { toProviderError } from './failures.ts'
import type { Output, Provider } from './provider.ts'
import type { RunItem } from './run-item.ts'
import { providerRan } from './telemetry.ts'

/** What a provider made of one node's inputs. */
export interface Product {
  bytes: Uint8Array
  content_type: string
  duration_ms: number
  usage: Usage
  traceparent: string | null
}

/**
 * Runs the provider on the inputs of one node. Throws what `toProviderError` says: `provider_failed`, `timeout` after `timeoutMs`, or a
 * code that ends the matter (`input_not_supported`, `invalid_configuration`, `body_too_large` …).
 */
export async function produce(
  provider: Provider,
  item: RunItem,
  contents: ReadonlyMap<string, Uint8Array>,
  {
    timeoutMs,
    maxOutputBytes,
    signal,
  }: Pick<ProviderDependencies, 'maxOutputBytes'> & { timeoutMs: number; signal: AbortSignal },
): Promise<Product> {
  const { id, output_type } = provider.manifest
  const attributes = { provider_id: id, blob_id: item.node_id, tenant_id: item.tenant_id }
  return span(`provider ${id}`, { parent: item.traceparent, attributes }, async (active) => {
    const started = performance.now()
    try {
      const inputs = collectInputs(provider.manifest, item.inputs, contents)
      const {
        bytes,
        content_type,
        usage = noUsage,
      } = await inTime(signal, timeoutMs, (limited) => provider.transform(inputs, item.config, limited))
      if (bytes.byteLength > maxOutputBytes) {
        throw new StudioError(
          'body_too_large',
          `The provider made ${bytes.byteLength} bytes; ${maxOutputBytes} are allowed.`,
        )
      }
      active.setAttributes({ content_size: bytes.byteLength, content_type: content_type ?? output_type })
      const duration_ms = performance.now() - started
      return {
        bytes,
        content_type: content_type ?? output_type,
        duration_ms,
        usage: Usage.parse(usage),
        traceparent: currentTraceparent() ?? null,
      }
    } catch (error) {
      throw toProviderError(error)
    } finally {
      providerRan(id, performance.now() - started)
    }
  })
}

async function inTime(
  signal: AbortSignal,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<Output>,
): Promise<Output> {
  signal.throwIfAborted()
  const over = new AbortController()
  const timer = setTimeout(
    () => over.abort(new StudioError('timeout', `The provider took longer than ${timeoutMs} ms.`)),
    timeoutMs,
  )
  const limited = AbortSignal.any([signal, over.signal])
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(limited.reason as Error)
  limited.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([run(limited), aborted])
  } finally {
    limited.removeEventListener('abort', abort)
    clearTimeout(timer)
  }
}
