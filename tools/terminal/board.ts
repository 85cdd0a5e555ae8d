/** One line of the board: what is shown of a step or a part. */
export interface Row {
  name: string
  /** One word: fetching, starting, ready … */
  status: string
  mood: 'waiting' | 'busy' | 'good' | 'bad'
  port?: number
  version?: string
  /** Time it took, in ms; while it is busy the running time is shown. */
  tookMs?: number
  detail?: string
}

const signs = { waiting: '·', busy: '…', good: '✔', bad: '✘' } as const
const colours = { waiting: '\x1b[2m', busy: '\x1b[33m', good: '\x1b[32m', bad: '\x1b[31m' } as const

/** A row as text, without colours. `elapsedMs` is shown while there is no final time. */
export function formatRow(row: Row, elapsedMs: number | undefined): string {
  const took = row.tookMs ?? (row.mood === 'busy' ? elapsedMs : undefined)
  const cells = [
    `${signs[row.mood]} ${row.name.padEnd(18)}`,
    row.status.padEnd(10),
    (row.port === undefined ? '' : `:${row.port}`).padEnd(7),
    (row.version ?? '').padEnd(9),
    (took === undefined ? '' : `${(took / 1000).toFixed(1)} s`).padStart(7),
    row.detail ? `  ${row.detail}` : '',
  ]
  return cells.join(' ').trimEnd()
}

/**
 * One line a row. On a terminal the lines are redrawn in place until `settle`; elsewhere a row is written when its status changes,
 * and every ten seconds while it is busy, so that a long step in a log is seen to live.
 */
export class Board {
  readonly #out: NodeJS.WriteStream
  readonly #rows = new Map<string, { row: Row; since: number; writtenAt: number }>()
  readonly #timer: NodeJS.Timeout
  #drawn = 0
  #settled = false

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
    this.#timer = setInterval(() => this.#tick(), out.isTTY ? 120 : 1000).unref()
  }

  /** Shows a row, or the new state of one. */
  set(row: Row): void {
    const known = this.#rows.get(row.name)
    const changed = known?.row.status !== row.status
    const now = performance.now()
    const entry = { row, since: changed ? now : known.since, writtenAt: changed ? now : known.writtenAt }
    this.#rows.set(row.name, entry)
    if (this.#live) this.#draw()
    else if (changed && row.mood !== 'waiting') this.#out.write(`${formatRow(row, undefined)}\n`)
  }

  /** Draws for the last time; later changes are written as plain lines below. */
  settle(): void {
    if (this.#live) this.#draw()
    this.#settled = true
    clearInterval(this.#timer)
  }

  get #live(): boolean {
    return this.#out.isTTY && !this.#settled
  }

  #tick(): void {
    if (this.#live) return this.#draw()
    const now = performance.now()
    for (const entry of this.#rows.values()) {
      if (entry.row.mood !== 'busy' || now - entry.writtenAt < 10_000) continue
      entry.writtenAt = now
      this.#out.write(`${formatRow(entry.row, now - entry.since)}\n`)
    }
  }

  #draw(): void {
    const now = performance.now()
    const width = (this.#out.columns || 80) - 1
    const lines = [...this.#rows.values()].map(
      ({ row, since }) => `${colours[row.mood]}${formatRow(row, now - since).slice(0, width)}\x1b[0m\x1b[K`,
    )
    this.#out.write(`${this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''}${lines.map((line) => `\r${line}\n`).join('')}`)
    this.#drawn = lines.length
  }
}
