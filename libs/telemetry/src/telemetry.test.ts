import { currentTraceparent, withContext } from './context.ts'
import { createLogger } from './logger.ts'
import { metricsText } from './metrics.ts'
import { span } from './span.ts'
import { blobCreationDuration, cacheHitRate, dagDepth } from './studio-metrics.ts'
import { formatTraceparent, newTraceparent, parseTraceparent } from './traceparent.ts'

const known = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('traceparent', () => {
  test('reads what it writes', () => {
    expect(formatTraceparent(parseTraceparent(known)!)).toBe(known)
    expect(parseTraceparent(newTraceparent())).toBeDefined()
    expect(newTraceparent()).not.toBe(newTraceparent())
  })

  test('refuses what the W3C form refuses, and takes later versions with more fields', () => {
    const wrong = [
      undefined,
      null,
      '',
      known.toUpperCase(),
      `ff${known.slice(2)}`,
      `${known}-more`,
      known.replace('b7ad6b7169203331', '0'.repeat(16)),
    ]
    for (const text of wrong) expect(parseTraceparent(text)).toBeUndefined()
    expect(parseTraceparent(`01${known.slice(2)}-more`)).toMatchObject({ sampled: true })
  })
})

describe('spans without an SDK', () => {
  test('keep the trace of the given parent through awaits and nesting', async () => {
    const seen = await span('outer', { parent: known }, async () => {
      await Promise.resolve()
      return span('inner', {}, () => currentTraceparent())
    })
    expect(seen).toBe(known)
    expect(currentTraceparent()).toBeUndefined()
  })

  test('start a trace where there is none, the same one inside', async () => {
    const [outer, inner] = await span('outer', {}, async () => [
      currentTraceparent(),
      await span('inner', {}, () => currentTraceparent()),
    ])
    expect(parseTraceparent(outer)).toBeDefined()
    expect(inner).toBe(outer)
  })

  test('throw on what was thrown', async () => {
    await expect(span('fails', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })
})

test('log lines carry the ids of their context and hide secrets', async () => {
  const lines: string[] = []
  const log = createLogger({ service: 'test', level: 'debug', destination: { write: (line) => void lines.push(line) } })
  await span('work', { parent: known }, () =>
    withContext({ tenant_id: 't' }, () =>
      withContext({ blob_id: 'b' }, () =>
        log.info({ headers: { authorization: 'Bearer x' }, secret: 'x', token: 'x' }, 'did'),
      ),
    ),
  )
  log.info('outside')
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'info',
    service: 'test',
    message: 'did',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    tenant_id: 't',
    blob_id: 'b',
    headers: { authorization: '[hidden]' },
    secret: '[hidden]',
    token: '[hidden]',
  })
  expect(JSON.parse(lines[1]!)).not.toHaveProperty('tenant_id')
})

describe('metrics', () => {
  test('content types are reduced to their essence and bounded', async () => {
    const creation = blobCreationDuration()
    creation.observe('Text/Plain; charset=utf-8', 0.02)
    creation.observe('not a type', 0.02)
    for (let index = 0; index < 100; index++) creation.observe(`x/${index}`, 0.02)
    const text = await metricsText()
    expect(text).toContain('studio_blob_creation_duration_seconds_count{content_type="text/plain"} 1')
    expect(text.match(/creation_duration_seconds_count\{content_type=/g)).toHaveLength(51)
    expect(text).not.toContain('charset')
  })

  test('the depth of the newest 1,000 roots is kept', async () => {
    const depth = dagDepth()
    for (let index = 0; index < 1001; index++) depth.set(`root-${index}`, 2)
    depth.set('root-1', 3)
    const text = await metricsText()
    expect(text.match(/studio_dag_depth\{/g)).toHaveLength(1000)
    expect(text).toContain('studio_dag_depth{root_id="root-1"} 3')
    expect(text).not.toContain('root_id="root-0"')
  })

  test('the hit rate is hits over look-ups', async () => {
    const cache = cacheHitRate()
    cache.hit('content', 3)
    cache.miss('content')
    expect(await metricsText()).toContain('studio_cache_hit_rate{cache_type="content"} 0.75')
  })
})
