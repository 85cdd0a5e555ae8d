import { derivationKey, sha256 } from '@studio/kernel'
import type { Provider } from './provider.ts'
import { shout, studio, transforms } from '../tests/test-studio.ts'

beforeEach(() => {
  transforms.length = 0
})

describe('a provider that says what it reads and what has no meaning', () => {
  const headOf = (text: string) => ({ head_version: 3, head_hash: sha256(text), head_content_type: 'text/plain' })
  const keyOfPart = (part: string): string =>
    derivationKey({
      provider_id: 'shout',
      provider_version: '1.0.0',
      config: {},
      inputs: { input: [['text/plain', sha256(part)]] },
    })
  const partly: Provider = {
    ...shout,
    project: ({ bytes }) => {
      const [line = ''] = Buffer.from(bytes).toString().split('\n')
      if (line === '') throw new Error('no line')
      return line
    },
    normalise: ({ bytes }) => Buffer.from(bytes).toString().replaceAll('!', ''),
  }

  test('is not run where the part is what it was', async () => {
    const { run, settled } = studio([{ text: 'one\nmore', ...headOf('ONE!'), last_key: keyOfPart('one') }], {
      provider: partly,
    })
    expect(await run()).toEqual({ fresh: 1 })
    expect(transforms).toEqual([])
    expect(settled).toMatchObject([{ key: keyOfPart('one'), inputs: [{ read_hash: sha256('one') }], version: 3 }])
  })

  test('takes what is recorded of the part', async () => {
    const { run, recorded } = studio([{ text: 'one\nmore' }], { provider: partly })
    recorded.set(keyOfPart('one'), { content_hash: sha256('recorded'), content_type: 'text/plain' })
    expect(await run()).toEqual({ memo: 1 })
  })

  test('runs on the whole where it cannot say what it reads of it', async () => {
    const { run, items, settled } = studio([{ text: '\nno first line' }], { provider: partly })
    expect(await run()).toEqual({ version: 1 })
    expect(settled).toMatchObject([{ key: keyOfPart('\nno first line'), inputs: items[0]?.inputs }])
  })

  test('is a new version where the head has been purged', async () => {
    const { run } = studio([{ text: 'one', ...headOf('O!N!E') }], { provider: partly })
    expect(await run()).toEqual({ version: 1 })
  })

  test('keeps the head where the output is the same but for that; not on a later attempt', async () => {
    const node = { text: 'one', ...headOf('O!N!E'), config: {} }
    const { run, settled, contents } = studio([node], { provider: partly })
    contents.set(sha256('O!N!E'), 'O!N!E')
    expect(await run()).toEqual({ cutoff: 1 })
    expect(settled).toMatchObject([{ version: 3, content_hash: sha256('O!N!E') }])
    const later = studio([node], { provider: partly })
    expect(await later.run({}, 2)).toEqual({ version: 1 })
  })
})
