/** Asks again each `everyMs` until it holds. Throws after a minute. */
export async function until(condition: () => Promise<boolean>, everyMs = 2): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the cascade has not come to its end within 60 s')
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
