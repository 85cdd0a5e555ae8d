import { mkdir } from 'node:fs/promises'
import { machineEnvironment, type Environment } from '../environment.ts'
import type { ProcessPart } from '../part.ts'
import { probeHttp } from '../probe.ts'
import type { Binary } from './binaries.ts'

export interface NatsOptions {
  binary: Binary
  /** JetStream's store; made when missing. */
  folder: string
  port: number
  monitorPort: number
  environment: Environment
}

/**
 * NATS with JetStream on loopback. The store keeps the default sync interval: PostgreSQL's outbox is the truth and republishes
 * what a power cut takes away.
 */
export function natsPart(options: NatsOptions): ProcessPart {
  const { binary, folder, port, monitorPort } = options
  return {
    kind: 'process',
    name: 'nats',
    dependsOn: [],
    port,
    url: `nats://127.0.0.1:${port}`,
    version: binary.version,
    deadlineMs: 30_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 10_000,
    prepare: async () => {
      await mkdir(folder, { recursive: true })
    },
    command: () => ({
      file: binary.file,
      args: [
        '--jetstream',
        '--store_dir',
        folder,
        '--addr',
        '127.0.0.1',
        '--port',
        String(port),
        '--http_port',
        String(monitorPort),
      ],
      cwd: folder,
      env: machineEnvironment(options.environment),
    }),
    probe: (signal) => probeHttp(`http://127.0.0.1:${monitorPort}/healthz?js-enabled-only=true`, signal),
  }
}
