import { runNode } from './child.ts'

const never = () => new Promise<string>(() => undefined)

test('gives the exit code and both streams', async () => {
  const ended = await runNode(['-e', 'console.log(1); console.error(2); process.exitCode = 3'], {}, never)
  expect(ended.code).toBe(3)
  expect(ended.output.split('\n').sort()).toEqual(['', '1', '2'])
})

test('ends the whole group when it gives up, and says why', async () => {
  const grandchild = "require('child_process').spawn('sleep', ['600'], { stdio: 'inherit' })"
  const ended = await runNode(['-e', `${grandchild}; setInterval(() => {}, 1000)`], {}, () =>
    Promise.resolve('too long'),
  )
  // The grandchild holds the output open: that this resolves at all shows that it is gone.
  expect(ended).toMatchObject({ code: null, stopped: 'too long' })
})

test('tells the reason to give up when it was not needed', async () => {
  let aborted = false
  await runNode(['-e', ''], {}, (signal) => {
    signal.addEventListener('abort', () => (aborted = true))
    return never()
  })
  expect(aborted).toBe(true)
})
