import { readConfig } from '../config.ts'
import { prepare } from '../prepare.ts'
import { Board } from '../terminal/board.ts'
import { main as test } from '../test.ts'

/** `npm test`: the same set-up as for a start, then every check. */
export async function main(args: string[]): Promise<number> {
  const board = new Board(process.stdout)
  await prepare({ ...readConfig(), show: (row) => board.set(row) })
  board.settle()
  return test(args)
}
