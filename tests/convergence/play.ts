import { waitFor } from '@studio/testing'
import { kills, strike, type PlannedFault } from './faults.ts'
import { live, type History } from './history.ts'
import { judge, type Judgement } from './judge.ts'
import { newPerson, type Person } from './person.ts'
import { becomesQuiet } from './quiet.ts'
import { answers, type Stage } from './stage.ts'

export interface Played {
  readonly history: History
  readonly person: Person
  readonly judgement: Judgement
}

/** What came of histories that were played side by side. */
export interface Round {
  readonly played: readonly Played[]
  /** Faults that were seen to happen. */
  readonly faults: readonly string[]
  /** From the last step and the last fault until nothing was under way. */
  readonly quietAfterMs: number
}

export interface Script {
  /** The histories that are played, one after another, by so many people at once. */
  readonly histories: Iterator<History, undefined>
  readonly people: number
  /** At least so many are played, and as many more as it takes until all faults have struck. */
  readonly least: number
  readonly faults: readonly PlannedFault[]
}

/** Plays histories, a tenant each, while faults strike; waits until all is quiet, and judges each. */
export async function playRound(stage: Stage, { histories, people, least, faults: plan }: Script): Promise<Round> {
  const cast: { history: History; person: Person }[] = []
  let struck = false
  const play = async (): Promise<void> => {
    while (!struck || cast.length < least) {
      const { value: history } = histories.next()
      if (history === undefined) return
      const person = newPerson(stage.studio)
      cast.push({ history, person })
      await live(person, history).catch((error: Error) => person.surprises.push(error.message))
    }
  }
  const strikeAll = async (): Promise<string[]> => {
    try {
      return await strike(stage, plan)
    } finally {
      struck = true
    }
  }
  const [faults] = await Promise.all([strikeAll(), ...Array.from({ length: people }, play)])
  await allAnswer(stage)
  const ended = performance.now()
  const quiet = await becomesQuiet(
    stage,
    cast.map(({ person }) => person),
  )
  const quietAfterMs = performance.now() - ended
  const played: Played[] = []
  const unjudged = cast.values()
  const judgeSome = async (): Promise<void> => {
    for (const one of unjudged) played.push({ ...one, judgement: await judge(stage, one.person) })
  }
  await Promise.all(Array.from({ length: 4 }, judgeSome))
  if (!quiet && played.every(({ judgement }) => judgement.divergences.length === 0))
    throw new Error('the studio did not become quiet, and verify names nothing')
  return { played, faults, quietAfterMs }
}

/** Without a part that has ended by itself nothing becomes quiet any more: throws with the end of its log, which says why it has. */
async function allAnswer(stage: Stage): Promise<void> {
  const parts = kills.flatMap((fault) => (fault.kind === 'kill' ? fault.parts : []))
  for (const part of parts) {
    await waitFor(`${part} to answer`, () => answers(stage, part), { timeoutMs: 30_000 }).catch((cause: unknown) => {
      throw new Error(`${part} does not answer any more\n${stage.studio.logs(part).slice(-4000)}`, { cause })
    })
  }
}
