import type { ClaimItem, RecordedOutput } from '@studio/contracts'
import { derivationKey, newId, sha256 } from '@studio/kernel'
import { studio, transforms } from '../tests/test-studio.ts'

beforeEach(() => {
  transforms.length = 0
})

describe('a node that reads what another of its claim makes', () => {
  /** `shout` of a text, and of that, and so on. */
  function aChain(length: number, heads: Partial<ClaimItem>[] = []) {
    const ids = Array.from({ length }, () => newId())
    const made = studio(
      ids.map((node_id, at) => ({
        node_id,
        ...(at > 0 && { key: null, inputs: [{ name: 'input', blob_id: ids[at - 1] ?? '' }] }),
        ...heads[at],
      })),
    )
    // They come as they come.
    made.items.reverse()
    return { ...made, ids }
  }
  const keyOf = (text: string): string =>
    derivationKey({
      provider_id: 'shout',
      provider_version: '1.0.0',
      config: {},
      inputs: { input: [['text/plain', sha256(text)]] },
    })
  const output = (text: string): RecordedOutput => ({ content_hash: sha256(text), content_type: 'text/plain' })

  test('is written with it, resting on it, and settled as of the version that it came to', async () => {
    const { run, ids, submitted, settled } = aChain(3, [{ head_version: 4 }])
    expect(await run()).toEqual({ version: 3 })
    expect(submitted.map(({ blob_id }) => blob_id)).toEqual(ids)
    const [first, second, third] = submitted
    expect([first?.rests_on, second?.rests_on, third?.rests_on]).toEqual([
      [],
      [{ delta_id: first?.delta_id, content_hash: sha256('TEXT!') }],
      [{ delta_id: second?.delta_id, content_hash: sha256('TEXT!!') }],
    ])
    expect(settled.map(({ key, inputs }) => [key, inputs[0]?.version, inputs[0]?.content_hash]).slice(1)).toEqual([
      [keyOf('TEXT!'), 5, sha256('TEXT!')],
      [keyOf('TEXT!!'), 1, sha256('TEXT!!')],
    ])
  })

  test('takes what is recorded of its key', async () => {
    const { run, recorded, submitted } = aChain(3)
    recorded.set(keyOf('TEXT!'), output('recorded'))
    // What was recorded is at blob.
    recorded.set(keyOf('recorded'), output('recorded, too'))
    expect(await run()).toEqual({ version: 1, memo: 2 })
    expect(transforms).toEqual(['text'])
    expect(submitted.map(({ content }) => content).slice(1)).toEqual([
      { hash: sha256('recorded') },
      { hash: sha256('recorded, too') },
    ])
  })

  test('is fresh where that is what its head was made of; not on a later attempt', async () => {
    const heads = [
      { head_version: 2, head_hash: sha256('TEXT!'), head_content_type: 'text/plain' },
      { head_version: 3, head_hash: sha256('TEXT!!'), head_content_type: 'text/plain', last_key: keyOf('TEXT!') },
    ]
    const { run, outcomes, submitted } = aChain(2, heads)
    expect(await run()).toEqual({ cutoff: 1, fresh: 1 })
    expect([outcomes(), submitted, transforms]).toEqual([['cutoff', 'fresh'], [], ['text']])
    expect(await aChain(2, heads).run({}, 2)).toEqual({ version: 2 })
  })

  test('goes back without blame where that one fails', async () => {
    const { run, settled } = aChain(3, [{ config: { mark: 1 } }])
    expect(await run()).toEqual({ returned: 3 })
    expect(settled.map(({ error }) => error?.code)).toEqual(['invalid_configuration', undefined, undefined])
  })

  test('waits with it where its head has moved on', async () => {
    const { run, ids, heads, submitted, settled } = aChain(2, [{ head_version: 1 }])
    heads.set(ids[0] ?? '', 7)
    expect(await run()).toEqual({ version: 2 })
    expect(submitted.map(({ from_version }) => from_version)).toEqual([1, 0, 7, 0])
    expect(settled[1]?.inputs).toMatchObject([{ version: 8 }])
  })

  test('goes back where that one came to something else, or is somebody else’s', async () => {
    const merged = aChain(2)
    const { submitTransforms } = merged.answers
    merged.answers.submitTransforms = async ({ items: [first, ...below] }) => {
      const { items } = await submitTransforms({ items: first ? [first] : [] })
      const content_hash = sha256('merged with what somebody wrote')
      return {
        items: [
          ...items.map((item) => ({ ...item, content_hash })),
          ...below.map(() => ({ status: 'baseless' as const })),
        ],
      }
    }
    expect(await merged.run()).toEqual({ version: 1, returned: 1 })

    const lost = aChain(2, [{ head_version: 1 }])
    lost.heads.set(lost.ids[0] ?? '', 2)
    lost.answers.renewClaim = async () => ({ held: lost.ids.slice(1) })
    expect(await lost.run()).toEqual({ lost: 1, returned: 1 })
  })

  test('is computed once where two have one key', async () => {
    const { run, items, held, outcomes } = aChain(2)
    const [second] = items
    const third = newId()
    if (second) items.push({ ...second, node_id: third })
    held.add(third)
    expect(await run()).toEqual({ version: 2, memo: 1 })
    expect([transforms, outcomes()]).toEqual([
      ['text', 'TEXT!'],
      ['version', 'version', 'memo'],
    ])
  })

  test('is computed once where two claims look for it at a time, and one has recorded it before the other comes to compute', async () => {
    const { run, answers, items, ids, held, contents } = aChain(2)
    const others = ids.map(() => newId())
    const [inner, outer] = items
    contents.set(sha256('TEXT!'), 'TEXT!')
    const itemsOfOther = [
      { ...outer, node_id: others[0], memo: output('TEXT!') },
      { ...inner, node_id: others[1], inputs: [{ name: 'input', blob_id: others[0] ?? '' }] },
    ] as ClaimItem[]
    others.forEach((id) => held.add(id))
    const claimOfOther = newId()
    answers.readClaim = async ({ claim_id }) => ({ items: claim_id === claimOfOther ? itemsOfOther : items })
    const looked = Promise.withResolvers<void>()
    const recorded = Promise.withResolvers<void>()
    const { recall } = answers
    answers.recall = async (request) => {
      const answer = await recall(request)
      answers.recall = recall
      looked.resolve()
      await recorded.promise
      return answer
    }
    const other = run({ claim_id: claimOfOther })
    await looked.promise
    expect(await run()).toEqual({ version: 2 })
    recorded.resolve()
    expect(await other).toEqual({ memo: 2 })
    expect(transforms).toEqual(['text', 'TEXT!'])
  })
})
