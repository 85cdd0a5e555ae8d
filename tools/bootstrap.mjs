// The way in of `npm start` and its kin, on a bare machine with any Node from 20 on and no packages installed: brings the Node and
// the pnpm that the project runs on into .tools/, installs the packages, and hands over to tools/main.ts. Depends on nothing;
// writes to stderr only, so that `npm run -s token` prints a token and nothing else.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'

const nodeVersion = '24.21.0'
const pnpmVersion = '12.21.0'

const root = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..')
const tools = join(root, '.tools')
const stamps = join(tools, 'stamps')
const platform = `${process.platform}-${process.arch}`
const ownNode = join(tools, 'node_modules', `node-${platform}`, 'bin', 'node')
const ownPnpm = join(tools, 'node_modules', '@pnpm', `exe.${platform}`, 'pnpm')

class SetupError extends Error {}

try {
  const { node, path } = await setUp()
  handOver(node, path)
} catch (error) {
  process.stderr.write(
    error instanceof SetupError ? `\n${error.message}\n` : `\nThe set-up failed: ${error?.stack ?? error}\n`,
  )
  process.exitCode = 1
}

/** Node and packages in place; returns the Node to run on and the PATH that goes with it. */
async function setUp() {
  const fits = fitting(process.version)
  const node = fits ? process.execPath : ownNode
  const wanted = packagesHash()
  if (
    !(fits || runtimeReady()) ||
    !isStamped('packages', wanted) ||
    !existsSync(join(root, 'node_modules/.modules.yaml'))
  ) {
    await exclusively(async () => {
      const pnpm = (await pnpmOnPath()) ?? ownPnpm
      if (!(fits || runtimeReady()) || !existsSync(pnpm)) await installRuntime(fits)
      if (!isStamped('packages', wanted)) {
        await installPackages(pnpm, node)
        stamp('packages', wanted)
      }
    })
  }
  return { node, path: pathWith(node) }
}

/** The project needs 24.9 (module hooks, type stripping without a warning) and is tested below 25. */
function fitting(version) {
  const [major, minor] = version.slice(1).split('.').map(Number)
  return major === 24 && minor >= 9
}

function runtimeReady() {
  return isStamped('runtime', `${nodeVersion} ${pnpmVersion}`) && existsSync(ownNode)
}

/** pnpm's own folder comes before node_modules/.bin: there lies a text stub when install scripts are off, which only shells can run. */
function pathWith(node) {
  return [dirname(ownPnpm), dirname(node), join(tools, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
}

async function pnpmOnPath() {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'pnpm')
    if (!folder.startsWith('/') || folder.includes('node_modules') || !existsSync(file)) continue
    const { code, output } = await run(file, ['--version'], {}).catch(() => ({ code: 1, output: '' }))
    if (code === 0 && output.trim().split('\n').at(-1) === pnpmVersion) return file
  }
  return undefined
}

async function installRuntime(fits) {
  const packages = [...(fits ? [] : [`node-${platform}@${nodeVersion}`]), `pnpm@${pnpmVersion}`]
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const step = progress(
    `Fetching ${packages.join(' and ')}`,
    () => `${megabytes(sizeOf(join(tools, 'node_modules')))} unpacked`,
  )
  const args = [
    'install',
    '--prefix',
    tools,
    '--ignore-scripts',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    ...packages,
  ]
  const { code, output } = await run(npm[0], [...npm.slice(1), ...args], { cwd: root })
  step.end(code === 0)
  if (code !== 0)
    throw new SetupError(
      `npm could not fetch ${packages.join(' and ')}:\n${tail(output)}\n\nLikely cause: no way to the npm registry.  Try: npm ping`,
    )
  if (!fits) stamp('runtime', `${nodeVersion} ${pnpmVersion}`)
}

async function installPackages(pnpm, node) {
  let latest = ''
  const step = progress('Installing the packages', () => latest)
  const { code, output } = await run(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    env: { ...process.env, PATH: pathWith(node), CI: 'true' },
    onLine: (line) => {
      const counts = /^Progress: (.*)$/.exec(line)
      if (counts) latest = counts[1].replace(/, done$/, '')
    },
  })
  step.end(code === 0)
  if (code !== 0)
    throw new SetupError(
      `pnpm could not install the packages:\n${tail(output)}\n\nTry: ${/OUTDATED_LOCKFILE/.test(output) ? `'${pnpm}' install   (the lockfile does not fit the package.json files)` : 'npm start   (again)'}`,
    )
}

/** Changes when the lockfile or any package.json of the workspace does. */
function packagesHash() {
  const hash = createHash('sha256').update(`${nodeVersion} ${pnpmVersion} ${process.platform} ${process.arch}`)
  const folders = ['libs', 'services', 'workflows', 'apps'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .sort()
          .map((name) => join(folder, name))
      : [],
  )
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    'package.json',
    ...[...folders, 'tests', 'perf', 'verify', 'tools'].map((folder) => join(folder, 'package.json')),
  ]
  for (const file of files) if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function isStamped(name, value) {
  const file = join(stamps, name)
  return existsSync(file) && readFileSync(file, 'utf8') === value
}

function stamp(name, value) {
  mkdirSync(stamps, { recursive: true })
  writeFileSync(join(stamps, name), value)
}

/** One set-up at a time in a clone: a second one waits for the first, then finds its work done. */
async function exclusively(work) {
  const lock = join(tools, 'setup.lock')
  mkdirSync(tools, { recursive: true })
  for (let waiting = false; ; waiting = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0)
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true })
    else if (!waiting)
      process.stderr.write(`Another set-up of this clone is running (process ${holder}); waiting for it.\n`)
    await new Promise((done) => setTimeout(done, 200))
  }
  const release = () => rmSync(lock, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    release()
    process.off('exit', release)
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Runs a program to its end; resolves with its exit code and all it wrote. It ends with us. */
function run(file, args, { cwd, env, onLine } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(file, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (signal) => {
      child.kill(signal)
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    process.once('SIGINT', stop).once('SIGTERM', stop)
    let output = ''
    const onData = (data) => {
      output += data
      if (onLine)
        String(data)
          .split('\n')
          .forEach((line) => onLine(line.trim()))
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
    child.once('error', failed)
    child.once('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      done({ code, output })
    })
  })
}

/** A live line on a terminal; elsewhere one line at the start and one at the end. */
function progress(label, detail) {
  const begin = Date.now()
  const live = process.stderr.isTTY === true
  const line = (sign, text) =>
    `${sign} ${[label, text, `${((Date.now() - begin) / 1000).toFixed(1)} s`].filter(Boolean).join('   ')}`
  if (!live) process.stderr.write(`… ${label}\n`)
  const timer = live
    ? setInterval(
        () => process.stderr.write(`\r\x1b[2K${line('…', detail()).slice(0, (process.stderr.columns || 80) - 1)}`),
        250,
      )
    : undefined
  return {
    end(good) {
      clearInterval(timer)
      process.stderr.write(`${live ? '\r\x1b[2K' : ''}${line(good ? '✔' : '✘', detail())}\n`)
    },
  }
}

function sizeOf(folder) {
  if (!existsSync(folder)) return 0
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += sizeOf(path)
    else if (entry.isFile()) bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function tail(output) {
  return output.trimEnd().split('\n').slice(-15).join('\n')
}

/** Runs the command on the project's Node; signals go on to it, its exit code is ours. It notices our death by the closed channel. */
function handOver(node, path) {
  const child = spawn(node, ['-C', 'source', join(root, 'tools/main.ts'), ...process.argv.slice(2)], {
    env: {
      ...process.env,
      PATH: path,
      NODE_COMPILE_CACHE: process.argv[2] === 'test' ? undefined : join(tools, 'compile-cache'),
    },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  endWithNpm(() => child.kill('SIGTERM'))
  child.once('error', (error) => {
    process.stderr.write(`${node} can't be started: ${error.message}\nTry: rm -rf .tools && npm start\n`)
    process.exitCode = 1
  })
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

/** npm that was killed passes no signal on: then whoever waits for us (npm itself, or its `sh -c`) has got another parent. */
function endWithNpm(end) {
  if (!process.env.npm_lifecycle_event || process.platform !== 'linux') return
  const parentOf = (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  }
  const npm = () => {
    try {
      const throughShell = readFileSync(`/proc/${process.ppid}/cmdline`, 'utf8').split('\0')[1] === '-c'
      return throughShell ? parentOf(process.ppid) : process.ppid
    } catch {
      return 0
    }
  }
  const first = npm()
  setInterval(() => npm() !== first && end(), 1000).unref()
}
