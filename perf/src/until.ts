/** Asks again each `everyMs` until it holds. Throws after five minutes. */
export async function until(condition: () => Promise<boolean>, everyMs = 2): Promise<void> {
  const deadline = performance.now() + 300_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the cascade has not come to its end within five minutes')
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
