/**
 * Holds the code to the import law (`.dependency-cruiser.mjs`). Exit 1 on a violation, and when no module was scanned:
 * with a compiler that it doesn't know, dependency-cruiser sees nothing and calls that clean.
 *
 *   node tools/import-law.ts [folder]     default: this repository
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cruise, type ICruiseOptions, type ICruiseResult, type IViolation } from 'dependency-cruiser'

type RuleSet = {
  name: string
  ruleSet: ICruiseOptions['ruleSet']
  options: ICruiseOptions & { enhancedResolveOptions: object }
}

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
process.chdir(root)

const configuration: string = '../.dependency-cruiser.mjs'
const { ruleSets } = (await import(configuration)) as { ruleSets: RuleSet[] }
const rooms = ['libs', 'services', 'workflows', 'apps', 'tests', 'perf', 'verify', 'tools'].filter((room) =>
  existsSync(room),
)

let scanned = Infinity
const violations = new Map<string, IViolation>()
for (const { ruleSet, options } of ruleSets) {
  const { enhancedResolveOptions, ...rest } = options
  const { output } = await cruise(
    rooms,
    { ...rest, ruleSet, validate: true },
    {
      ...enhancedResolveOptions,
      bustTheCache: true,
    },
  )
  const { summary, modules } = output as ICruiseResult
  scanned = Math.min(
    scanned,
    modules.filter((module) => rooms.some((room) => module.source.startsWith(`${room}/`))).length,
  )
  for (const violation of summary.violations) {
    violations.set(`${violation.rule.name}: ${violation.from} → ${violation.to}`, violation)
  }
}

for (const [text, violation] of violations) {
  const way = violation.via?.map((step) => step.name).join(' → ')
  console.error(way ? `${text}\n    by way of ${way}` : text)
}
if (scanned === 0) console.error('no module was scanned: the check has not looked at anything')
else console.log(`${scanned} modules scanned, ${violations.size} violations`)
if (scanned === 0 || violations.size > 0) process.exitCode = 1
