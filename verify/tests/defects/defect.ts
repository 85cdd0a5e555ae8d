import type { Code } from '../../src/findings.ts'
import type { World } from '../world.ts'

/** Something wrong, put into the tables by hand, and the codes under which it has to be found, the first at this blob. */
export interface Defect {
  readonly name: string
  readonly codes: readonly [Code, ...Code[]]
  readonly at:
    | 'document'
    | 'text'
    | 'expanded'
    | 'comparison'
    | 'stamped'
    | 'edited'
    | 'conflicted'
    | 'purged'
    | 'published'
    | 'unmade'
  plant(world: World): string
}

/** Content of the same tenant that is not `hash`. */
export const another = (tenant: string, hash: string) =>
  `(select hash from blob.content where tenant_id = '${tenant}' and hash <> ${hash} order by hash limit 1)`
