import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { freePort, isPortFree, listeningInodes, portHolder, preferredPort } from './ports.ts'

async function withListener(run: (port: number) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await run((server.address() as AddressInfo).port)
  } finally {
    server.close()
  }
}

test('a port in use is not free, is replaced by another, and its holder is named', async () => {
  await withListener(async (port) => {
    expect(await isPortFree(port)).toBe(false)
    expect(await preferredPort(port, new Set())).not.toBe(port)
    expect(portHolder(port)?.pid).toBe(process.pid)
  })
})

test('a free port is taken as preferred, once', async () => {
  const port = await freePort()
  const taken = new Set<number>()
  expect(await preferredPort(port, taken)).toBe(port)
  expect(await preferredPort(port, taken)).not.toBe(port)
})

test('free ports lie below the range of outgoing connections and differ', async () => {
  const taken = new Set<number>()
  const ports = await Promise.all([freePort(taken), freePort(taken), freePort(taken)])
  expect(new Set(ports).size).toBe(3)
  expect(Math.max(...ports)).toBeLessThan(32_768)
})

test('finds the inodes of listening sockets only', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F4A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0',
    '   1: 0100007F:1F4A 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0',
    '   2: 0100007F:1F4B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0',
  ].join('\n')
  expect(listeningInodes(table, 8010)).toEqual(['111'])
})
