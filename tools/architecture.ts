import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobApi, dagApi, deltaApi, flow, registryApi, type Api } from '@studio/contracts'
import { errorCatalogue } from '@studio/kernel'
import { projectRoot } from '@studio/supervisor'

/**
 * Keeps the tables of ARCHITECTURE.md true to the code: what stands between `<!-- made: NAME -->` and `<!-- end -->` is made here. With `--check`
 * nothing is written, and a table that is not up to date ends it with 1.
 */
const tables: Record<string, () => string> = {
  flow: flowTable,
  routes: routesTable,
  packages: packagesTable,
  errors: errorsTable,
}
const file = join(projectRoot, 'ARCHITECTURE.md')

export function main(args: string[]): Promise<number> {
  const before = readFileSync(file, 'utf8')
  const after = before.replace(/<!-- made: (\w+) -->\n[\s\S]*?<!-- end -->/g, (whole, name: string) => {
    const make = tables[name]
    if (!make) throw new Error(`ARCHITECTURE.md asks for a table "${name}" that nothing makes`)
    return `<!-- made: ${name} -->\n\n${make()}\n\n<!-- end -->`
  })
  if (after === before) return Promise.resolve(0)
  if (args.includes('--check')) {
    process.stdout.write('ARCHITECTURE.md is not what the code says. Run: npm run architecture\n')
    return Promise.resolve(1)
  }
  writeFileSync(file, after)
  return Promise.resolve(0)
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

function flowTable(): string {
  return table(
    ['event', 'sent by', 'taken by'],
    Object.entries(flow).map(([type, { producer, consumers }]) => [
      `\`${type}.<tenant>\``,
      producer,
      consumers.join(', ') || '–',
    ]),
  )
}

function routesTable(): string {
  const apis: Record<string, Api> = {
    blob: blobApi,
    'delta-engine': deltaApi,
    dag: dagApi,
    'provider-registry': registryApi,
  }
  return table(
    ['service', 'call', 'path', 'repeatable', 'joined'],
    Object.entries(apis).flatMap(([service, api]) =>
      Object.entries(api).map(([name, route]) => [
        service,
        name,
        `\`${route.path}\``,
        route.idempotent ? 'yes' : 'no',
        route.itemwise ? 'yes' : 'no',
      ]),
    ),
  )
}

function packagesTable(): string {
  const rows = ['libs', 'services', 'workflows', 'apps'].flatMap((folder) =>
    readdirSync(join(projectRoot, folder))
      .sort()
      .map((name) => {
        const manifest = JSON.parse(readFileSync(join(projectRoot, folder, name, 'package.json'), 'utf8')) as {
          dependencies?: Record<string, string>
        }
        const own = Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith('@studio/'))
        return [`${folder}/${name}`, own.map((dependency) => dependency.replace('@studio/', '')).join(', ') || '–']
      }),
  )
  return table(['package', 'uses'], rows)
}

function errorsTable(): string {
  return table(
    ['code', 'status', 'try again', 'meaning'],
    Object.entries(errorCatalogue).map(([code, { status, retryable, title }]) => [
      `\`${code}\``,
      String(status),
      retryable ? 'yes' : 'no',
      title,
    ]),
  )
}
