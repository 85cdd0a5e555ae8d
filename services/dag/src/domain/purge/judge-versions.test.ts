import { judgeVersions, type KnownVersion, type Making } from './judge-versions.ts'

/** `a1` is version 1 of blob a; `a2!` a tombstone. */
const known = (...names: string[]): KnownVersion[] =>
  names.map((name) => ({ ...versionOf(name), is_tombstone: name.endsWith('!') }))
const versionOf = (name: string) => ({ blob_id: name[0] ?? '', version: Number(name[1]) })
const made = (name: string, ...inputs: string[]): Making => ({ ...versionOf(name), inputs: inputs.map(versionOf) })

/** p is the purged blob; q one that no purge reaches. */
const derived = (versions: KnownVersion[], ...makings: Making[]) =>
  judgeVersions(versions, makings, new Set(['p'])).map(({ blob_id, version }) => `${blob_id}${version}`)

describe('judgeVersions', () => {
  it('takes what was made of the purged blob, at any distance, and leaves what was not', () => {
    const makings = [made('a1', 'p1', 'q1'), made('a2', 'q1'), made('b1', 'a1'), made('b2', 'a2', 'q2')]
    expect(derived(known('a1', 'a2', 'b1', 'b2'), ...makings)).toEqual(['a1', 'b1'])
  })
  it('leaves a version that was made of it, and found made without it', () => {
    expect(derived(known('a1'), made('a1', 'p1', 'q1'), made('a1', 'q1'))).toEqual([])
  })
  it('does not take two versions for clean that only each other say so', () => {
    const makings = [made('a1', 'p1'), made('b1', 'a1'), made('a1', 'b1')]
    expect(derived(known('a1', 'b1'), ...makings)).toEqual(['a1', 'b1'])
  })
  it('takes what nobody knows the making of', () => {
    expect(derived(known('a1', 'a2'), made('a2', 'q1'))).toEqual(['a1'])
  })
  it('takes a tombstone with what it took away', () => {
    const makings = [made('a1', 'p1'), made('a3', 'q1')]
    expect(derived(known('a1', 'a2!', 'a3', 'a4!', 'a5!'), ...makings)).toEqual(['a1', 'a2'])
  })
})
