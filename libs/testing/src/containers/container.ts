import type { Readable } from 'node:stream'
import {
  type ContainerRuntimeClient,
  type GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
} from 'testcontainers'
import { noWait } from './no-wait.ts'

type Handle = ReturnType<ContainerRuntimeClient['container']['getById']>

/** One container, with what testcontainers leaves out: signals, starting again, logs over all starts. */
export class Container {
  readonly #started: StartedTestContainer
  readonly #client: ContainerRuntimeClient
  readonly #handle: Handle
  readonly #lines: string[]

  private constructor(started: StartedTestContainer, client: ContainerRuntimeClient, lines: string[]) {
    this.#started = started
    this.#client = client
    this.#handle = client.container.getById(started.getId())
    this.#lines = lines
  }

  /** Creates and starts it; `lines` receives what it writes. */
  static async start(container: GenericContainer, lines: string[]): Promise<Container> {
    const client = await getContainerRuntimeClient()
    const started = await container
      .withWaitStrategy(noWait)
      .withAutoCleanup(false)
      .withLogConsumer((stream) => collect(stream, lines))
      .start()
    return new Container(started, client, lines)
  }

  async isRunning(): Promise<boolean> {
    return (await this.#handle.inspect()).State.Running
  }

  /** Sends the signal and resolves when the container's process has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!(await this.isRunning())) return
    await this.#handle.kill({ signal })
    await this.#handle.wait()
  }

  /** Starts the ended container again, on the files that it left. */
  async startAgain(): Promise<void> {
    const since = Math.floor(Date.now() / 1000)
    await this.#handle.start()
    collect(await this.#client.container.logs(this.#handle, { since }), this.#lines)
  }

  /** Ends it and removes it with its files. */
  async remove(): Promise<void> {
    await this.#started.stop({ timeout: 0, remove: true, removeVolumes: true })
  }
}

function collect(stream: Readable, lines: string[]): void {
  stream.on('data', (chunk: Buffer | string) => lines.push(chunk.toString()))
  stream.on('error', () => undefined) // the container has gone
}
