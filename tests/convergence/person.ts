import { randomUUID } from 'node:crypto'
import type { BlobResource } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import { waitFor, type Answer, type Api, type TestStudio } from '@studio/testing'

export const base = '/api/v1/studio'

/** A blob that a person wrote, as the person knows it. */
export interface Source {
  readonly id: string
  readonly form: 'text' | 'json'
  /** The newest version that it was told of. */
  version: number
  /** Versions that have content, the newest one last. */
  readonly written: number[]
  deleted: boolean
}

export interface OwnDerivation {
  readonly id: string
  readonly provider: string
}

/** A version that the studio has said it took, with the hash of what was written; null: a deletion. */
export interface Acknowledged {
  readonly blob_id: string
  readonly version: number
  readonly content_hash: string | null
}

/** One tenant of a studio that may be down at any moment: what it did, what it was answered, and what it knows of. */
export interface Person {
  readonly tenantId: string
  readonly api: Api
  readonly sources: Source[]
  readonly derivations: OwnDerivation[]
  readonly jobs: string[]
  readonly acknowledged: Acknowledged[]
  /** Refusals by code. */
  readonly refusals: Map<string, number>
  /** Answers that nobody may get, whatever fails. */
  readonly surprises: string[]
}

export function newPerson(studio: TestStudio): Person {
  const name = randomUUID()
  return {
    tenantId: studio.tenantOf(name),
    api: studio.as(name),
    sources: [],
    derivations: [],
    jobs: [],
    acknowledged: [],
    refusals: new Map(),
    surprises: [],
  }
}

/** What a request that was drawn at random may well be refused with. */
const refusals = [
  'blob_deleted',
  'blob_not_found',
  'budget_spent',
  'cascade_ended',
  'derivation_conflict',
  'derivation_cycle',
  'derivation_not_found',
  'derivation_too_deep',
  'derived_blob_read_only',
  'input_not_supported',
  'job_not_failed',
  'job_not_found',
  'merge_conflict',
  'overlay_not_found',
  'version_conflict',
]

const patience = { timeoutMs: 120_000, intervalMs: 200 }

/** Says a request again, under the same key, until the studio answers: what it then says is final. */
export async function untilAnswered(
  { api }: Person,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer<{ data?: unknown; code?: string }>> {
  const headers = { 'idempotency-key': randomUUID() }
  return await waitFor(
    `an answer to ${method} ${path}`,
    async () => {
      const answer = await api.request(method, `${base}${path}`, { body, headers })
      // Refused since it was interrupted: nothing came of it, and it is to be sent again.
      if (answer.status >= 500 || answer.body?.code === 'delta_refused')
        throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    },
    patience,
  )
}

/** The `data` of the answer; null where the studio refused with good reason. */
export async function ask<Data>(person: Person, method: string, path: string, body?: unknown): Promise<Data | null> {
  const answer = await untilAnswered(person, method, path, body)
  if (answer.status < 300) return answer.body.data as Data
  const code = answer.body?.code ?? String(answer.status)
  if (refusals.includes(code)) person.refusals.set(code, (person.refusals.get(code) ?? 0) + 1)
  else
    person.surprises.push(`${method} ${path} ${JSON.stringify(body)}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return null
}

/** Notes what the studio says that it took. Where the whole text was sent, the hash must be that of the text. */
export function note(person: Person, { id, version, content_hash }: BlobResource, text?: string): void {
  person.acknowledged.push({ blob_id: id, version, content_hash })
  if (text !== undefined && content_hash !== sha256(text))
    person.surprises.push(`version ${version} of ${id} was acknowledged as ${content_hash}, and is ${sha256(text)}`)
  const source = person.sources.find((one) => one.id === id)
  if (!source) return
  source.written.push(version)
  // Answers to requests that went out side by side come in any order.
  source.written.sort((one, other) => one - other)
  source.version = Math.max(source.version, version)
}

/** Notes a deletion that the studio says it took. */
export function noteDeletion(person: Person, source: Source, { version }: BlobResource): void {
  person.acknowledged.push({ blob_id: source.id, version, content_hash: null })
  source.version = Math.max(source.version, version)
  source.deleted = true
}

/** One of the items, whatever the number; undefined where there is none. */
export function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % Math.max(1, items.length)]
}
