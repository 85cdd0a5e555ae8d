import type { ProcessPart } from './part.ts'
import { reservePorts } from './port-reservation.ts'
import { freePort, isPortFree } from './ports.ts'

test('a port is held until its part is prepared, which still happens', async () => {
  const port = await freePort()
  let prepared = 0
  const part: ProcessPart = {
    kind: 'process',
    name: 'one',
    dependsOn: [],
    port,
    url: '',
    deadlineMs: 1,
    stopSignal: 'SIGTERM',
    stopGraceMs: 1,
    prepare: async () => void prepared++,
    command: () => ({ file: '', args: [], env: {}, cwd: '' }),
    probe: async () => undefined,
  }
  const [reserved] = (await reservePorts([part])) as [ProcessPart]
  expect(await isPortFree(port)).toBe(false)
  await reserved.prepare?.()
  expect(await isPortFree(port)).toBe(true)
  await reserved.prepare?.()
  expect(prepared).toBe(2)
})
