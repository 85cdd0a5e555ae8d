import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeExit, startChild, type Child, type Exit } from './child.ts'
import { messageOf } from './error-shape.ts'
import { PartFailure } from './failure.ts'
import { tailOf } from './log-file.ts'
import { inStartOrder } from './order.ts'
import type { Part, PartState, PartStatus, ProcessPart, TaskPart } from './part.ts'
import { until } from './probe.ts'
import { Reaper } from './reaper.ts'
import { restartDelayMs } from './restart-policy.ts'

export interface SupervisorOptions {
  parts: readonly Part[]
  /** Folder of the log files, `<part>.log`; made when missing. */
  logFolder: string
  /** Whether a process that dies by itself once it was ready is started again (restart-policy.ts). */
  restart: boolean
  /** Called with a copy of the state at every change. */
  onChange?: (state: PartState) => void
  /** Called when a part that was ready has died and is not started again any more. */
  onDown?: (failure: PartFailure) => void
}

interface Slot<P extends Part = Part> {
  part: P
  state: PartState
  child?: Child
  /** Environment added to the part's own for this start and its automatic restarts. */
  extraEnv: Record<string, string>
  /** Where the log of the present start begins. */
  logOffset: number
  /** Set while somebody wants the part to be down: its end is then no accident. */
  wantedDown: boolean
  /** Moments of the latest automatic restarts, ms since the epoch. */
  restartedAt: number[]
}

/** Starts parts in the order of their dependencies, as parallel as these permit, watches them and stops them in the opposite order. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #slots: Map<string, Slot>
  readonly #reaper = new Reaper()
  readonly #ending = new AbortController()

  constructor(options: SupervisorOptions) {
    this.#options = options
    mkdirSync(options.logFolder, { recursive: true })
    this.#slots = new Map(
      inStartOrder(options.parts).map((part) => [
        part.name,
        {
          part,
          state: {
            name: part.name,
            kind: part.kind,
            status: 'waiting',
            since: Date.now(),
            restarts: 0,
            ...(part.kind === 'process' ? { port: part.port, url: part.url, version: part.version } : {}),
          },
          extraEnv: {},
          logOffset: 0,
          wantedDown: false,
          restartedAt: [],
        },
      ]),
    )
  }

  /** Resolves when all parts are ready. At the first that fails everything is stopped, then its PartFailure is thrown. */
  async start(): Promise<void> {
    const launched = new Map<string, Promise<void>>()
    for (const slot of this.#slots.values()) {
      const dependencies = slot.part.dependsOn.map((name) => launched.get(name)!)
      launched.set(
        slot.part.name,
        Promise.all(dependencies).then(() => this.#bringUp(slot)),
      )
    }
    try {
      await Promise.all([...launched.values()])
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Stops all parts, dependents before what they depend on. The supervisor is of no use afterwards. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the studio is stopping'))
    const stopped = new Map<string, Promise<void>>()
    for (const slot of [...this.#slots.values()].reverse()) {
      const dependents = [...this.#slots.values()].filter((other) => other.part.dependsOn.includes(slot.part.name))
      stopped.set(
        slot.part.name,
        Promise.all(dependents.map((other) => stopped.get(other.part.name)!)).then(() => this.#takeDown(slot)),
      )
    }
    await Promise.all([...stopped.values()])
    this.#reaper.close()
  }

  /** Starts one part that is down and resolves when it is ready. `env` is added to its environment for this start. */
  async startPart(name: string, env: Record<string, string> = {}): Promise<void> {
    const slot = this.#slot(name)
    if (slot.child) throw new Error(`${name} is running already.`)
    slot.extraEnv = env
    slot.wantedDown = false
    slot.restartedAt = []
    await this.#bringUp(slot)
  }

  /** Stops one part in its orderly way and resolves when it has ended. It stays down. */
  async stopPart(name: string): Promise<void> {
    await this.#takeDown(this.#slot(name))
  }

  /** SIGKILLs one part and resolves when it has ended. It stays down. */
  async killPart(name: string): Promise<void> {
    const slot = this.#slot(name)
    slot.wantedDown = true
    await slot.child?.kill()
    this.#change(slot, 'stopped', 'killed')
  }

  /** The state of every part, in start order. */
  states(): PartState[] {
    return [...this.#slots.values()].map((slot) => ({ ...slot.state }))
  }

  /** The state of one part. */
  state(name: string): PartState {
    return { ...this.#slot(name).state }
  }

  /** The log file of a part. */
  logFile(name: string): string {
    return join(this.#options.logFolder, `${name}.log`)
  }

  /** The last lines that a part has written since its present start. */
  tail(name: string, lines = 15): string[] {
    return tailOf(this.logFile(name), lines, this.#slot(name).logOffset)
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name)
    if (!slot) throw new Error(`There is no part named ${name}; there are ${[...this.#slots.keys()].join(', ')}.`)
    return slot
  }

  async #bringUp(slot: Slot): Promise<void> {
    const { part } = slot
    const begin = performance.now()
    try {
      this.#ending.signal.throwIfAborted()
      slot.logOffset = statSync(this.logFile(part.name), { throwIfNoEntry: false })?.size ?? 0
      slot.state.readyAfterMs = undefined
      this.#change(slot, 'starting')
      if (part.kind === 'task') await this.#runTask(slot, part)
      else await this.#startProcess(slot, part)
    } catch (error) {
      // Whoever is stopped while it starts has not failed.
      if (this.#ending.signal.aborted || slot.wantedDown) throw error
      const failure = new PartFailure(part.name, messageOf(error), this.tail(part.name), error)
      slot.wantedDown = true
      await slot.child?.kill()
      this.#change(slot, 'failed', messageOf(error))
      throw failure
    }
    slot.state.readyAfterMs = Math.round(performance.now() - begin)
    this.#change(slot, 'ready', part.kind === 'task' ? slot.state.detail : undefined)
  }

  async #runTask(slot: Slot, part: TaskPart): Promise<void> {
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(part.deadlineMs)])
    await part.run((detail) => this.#change(slot, 'starting', detail), signal)
  }

  async #startProcess(slot: Slot, part: ProcessPart): Promise<void> {
    await part.prepare?.()
    this.#ending.signal.throwIfAborted()
    const command = part.command()
    const child = await startChild(
      { ...command, env: { ...command.env, ...slot.extraEnv } },
      { logFile: this.logFile(part.name), reaper: this.#reaper, stopSignal: part.stopSignal },
    )
    slot.child = child
    slot.state.pid = child.pid
    this.#change(slot, 'starting')
    const died = new AbortController()
    void child.exited.then((exit) => {
      slot.child = undefined
      slot.state.pid = undefined
      died.abort(new Error(`it ended with ${describeExit(exit)} before it was ready`))
      if (slot.state.status === 'ready' && !slot.wantedDown) void this.#onAccident(slot, exit)
    })
    await until(part.probe, {
      deadlineMs: part.deadlineMs,
      signal: AbortSignal.any([this.#ending.signal, died.signal]),
      onFailure: (message) => {
        slot.state.detail = message
      },
    })
    await part.afterReady?.()
  }

  async #onAccident(slot: Slot, exit: Exit): Promise<void> {
    const { name } = slot.part
    const now = Date.now()
    const delayMs = this.#options.restart ? restartDelayMs(slot.restartedAt, now) : undefined
    if (delayMs === undefined) {
      this.#change(slot, 'down', `ended with ${describeExit(exit)}`)
      this.#options.onDown?.(new PartFailure(name, `it ended with ${describeExit(exit)}`, this.tail(name)))
      return
    }
    slot.restartedAt = [...slot.restartedAt, now]
    slot.state.restarts += 1
    this.#change(slot, 'restarting', `ended with ${describeExit(exit)}`)
    try {
      await sleep(delayMs, undefined, { signal: this.#ending.signal })
      if (slot.wantedDown) return
      await this.#bringUp(slot)
    } catch {
      if (this.#ending.signal.aborted) return
      // It failed while it started again: that is an accident like the first.
      slot.wantedDown = false
      await this.#onAccident(slot, exit)
    }
  }

  async #takeDown(slot: Slot): Promise<void> {
    slot.wantedDown = true
    if (slot.child && slot.part.kind === 'process') {
      this.#change(slot, 'stopping')
      await slot.child.stop(slot.part.stopSignal, slot.part.stopGraceMs)
    }
    if (slot.state.status !== 'failed' && slot.state.status !== 'down') this.#change(slot, 'stopped')
  }

  #change(slot: Slot, status: PartStatus, detail?: string): void {
    slot.state = { ...slot.state, status, detail, since: Date.now() }
    this.#options.onChange?.({ ...slot.state })
  }
}
