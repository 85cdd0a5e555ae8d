// The import law (docs: ARCHITECTURE.md). tools/import-law.ts runs both rule sets and fails when nothing was scanned.

const inputOutput =
  '^(node:)?(fs|net|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads|inspector|repl|readline|process)(/|$)'
const inputOutputPackages =
  'node_modules/(@nats-io|nats|pg|pg-pool|@prisma|prisma|express|undici|pino|piscina|ioredis|@aws-sdk|testcontainers|@temporalio/(client|worker|activity|testing))/'
const inputOutputLibs = '^libs/(clients|config|database|events|http|supervisor|telemetry|temporal|testing|threads)/'
const tests = '(\\.test\\.ts$|^(libs|services|workflows)/[^/]+/tests/)'

/** Judged on imports as written, type imports included. */
const written = [
  {
    name: 'libs-stand-below',
    comment: 'Libraries never import services, workflows, apps or tools.',
    severity: 'error',
    from: { path: '^libs/' },
    to: { path: '^(services|workflows|apps|tools|tests|perf|verify)/' },
  },
  {
    name: 'services-are-islands',
    comment: 'Services import libraries only; another service is reached over HTTP or by events.',
    severity: 'error',
    from: { path: '^services/([^/]+)/' },
    to: { path: '^(services|workflows|apps|tools|tests|perf|verify)/', pathNot: '^services/$1/' },
  },
  {
    name: 'workflows-are-islands',
    comment: 'Workflows import libraries only; workflows/worker alone hosts the others.',
    severity: 'error',
    from: { path: '^workflows/([^/]+)/', pathNot: '^workflows/worker/' },
    to: { path: '^(services|workflows|apps|tools|tests|perf|verify)/', pathNot: '^workflows/$1/' },
  },
  {
    name: 'worker-hosts-workflows-only',
    severity: 'error',
    from: { path: '^workflows/worker/' },
    to: { path: '^(services|apps|tools|tests|perf|verify)/' },
  },
  {
    name: 'apps-use-the-public-api',
    comment: 'Apps talk to the gateway over HTTP and know nothing from inside.',
    severity: 'error',
    from: { path: '^apps/([^/]+)/' },
    to: { path: '^(libs|services|workflows|apps|tools|tests|perf|verify)/', pathNot: '^apps/$1/' },
  },
  {
    name: 'verify-shares-nothing',
    comment:
      'What proves the services right has none of their code: of the studio only the providers, which it runs again.',
    severity: 'error',
    from: { path: '^verify/src/' },
    to: { path: '^(libs|services|workflows/(worker|cascade)|apps|tools|tests|perf)/' },
  },
  {
    name: 'only-store-sees-the-database',
    comment: 'SQL, Prisma and its generated client stay behind store/.',
    severity: 'error',
    from: { path: '^(services|workflows)/[^/]+/src/', pathNot: ['/src/(store|generated)/', '\\.test\\.ts$'] },
    to: { path: ['node_modules/(@prisma/|prisma/|pg/|pg-pool/)', '^(services|workflows)/[^/]+/src/generated/'] },
  },
  {
    name: 'domain-looks-inward',
    comment: 'Rules know neither how they are called nor where things are kept.',
    severity: 'error',
    from: { path: '/src/domain/', pathNot: '\\.test\\.ts$' },
    to: { path: '/src/(routes|store|events|generated)/|/src/(app|context|config|main|telemetry)\\.ts$' },
  },
  {
    name: 'tests-stay-outside',
    comment: 'What runs never imports test helpers.',
    severity: 'error',
    from: { path: '^(libs|services|workflows|apps)/', pathNot: ['^libs/testing/', tests] },
    to: { path: ['^libs/testing/', tests] },
  },
  {
    name: 'nothing-unresolvable',
    severity: 'error',
    from: { pathNot: '/generated/' },
    to: { couldNotResolve: true, pathNot: '/generated/' },
  },
]

/** Judged on what is left at run time (type imports gone), through any number of helpers. */
const atRunTime = [
  {
    name: 'workflow-code-is-deterministic',
    comment: 'Temporal replays workflow code: no Node built-in and no I/O, not even through a helper.',
    severity: 'error',
    from: { path: '^workflows/[^/]+/src/.*workflows?\\.ts$' },
    to: {
      reachable: true,
      path: [
        inputOutput,
        '^(node:)?(crypto|os|path|stream|zlib|util|timers|async_hooks|perf_hooks|vm|v8|module|buffer|url)(/|$)',
        inputOutputPackages,
        inputOutputLibs,
      ],
    },
  },
  {
    name: 'domain-is-pure',
    comment: 'Rules do no I/O, not even through a helper.',
    severity: 'error',
    from: { path: '/src/domain/', pathNot: '\\.test\\.ts$' },
    to: { reachable: true, path: [inputOutput, inputOutputPackages, inputOutputLibs] },
  },
  {
    name: 'no-circles',
    severity: 'error',
    from: { pathNot: '/generated/' },
    to: { circular: true },
  },
]

const exclude = '(^|/)(dist|\\.tools|\\.studio|\\.turbo|coverage)/'
const options = {
  doNotFollow: { path: 'node_modules' },
  exclude: { path: exclude },
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
}

export const ruleSets = [
  { name: 'as written', ruleSet: { forbidden: written }, options: { ...options, tsPreCompilationDeps: true } },
  {
    name: 'at run time',
    ruleSet: { forbidden: atRunTime },
    // The failpoint of the fault tests may stand anywhere: it does nothing unless a test arms it.
    options: {
      ...options,
      exclude: { path: [exclude, '^libs/kernel/src/failpoint\\.ts$'] },
      tsPreCompilationDeps: false,
    },
  },
]
