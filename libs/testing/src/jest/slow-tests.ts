// Real engines answer in seconds, not in jest's 5. As ESM, jest gives its object here and not as a global.
const { jest: runner } = import.meta as ImportMeta & { jest: typeof jest }
runner.setTimeout(180_000)
