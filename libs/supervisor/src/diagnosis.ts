/** Why a part failed, as far as its message and log tell, and what mends it. */
export interface Diagnosis {
  cause: string
  mend: string
}

const known: { pattern: RegExp; diagnosis: Diagnosis }[] = [
  {
    pattern: /exit code 78/,
    diagnosis: {
      cause: 'a setting in the environment is not valid; its log names the variable',
      mend: 'correct or unset that variable, then npm start',
    },
  },
  {
    pattern: /EADDRINUSE|address already in use|bind: address/i,
    diagnosis: {
      cause: 'another process has taken its port meanwhile',
      mend: 'npm start   (again: it looks for free ports)',
    },
  },
  {
    pattern: /ENOSPC|no space left on device/i,
    diagnosis: { cause: 'the disk is full', mend: 'free some space, then npm start' },
  },
  {
    pattern: /was made by PostgreSQL|database files are incompatible/i,
    diagnosis: {
      cause: 'the data folder belongs to another PostgreSQL version',
      mend: 'npm run reset -- --yes && npm start   (deletes the data)',
    },
  },
  {
    pattern: /unshare: .*(failed|not permitted)|user namespaces?/i,
    diagnosis: {
      cause: 'root may not make user namespaces here, and PostgreSQL does not run as root',
      mend: 'run npm start as an ordinary user',
    },
  },
  {
    pattern: /could not create shared memory|out of memory|JavaScript heap out of memory|Cannot allocate memory/i,
    diagnosis: { cause: 'there is too little memory', mend: 'free about 1.5 GiB, then npm start' },
  },
  {
    pattern: /the migrations of .* failed|P3009|P3018/,
    diagnosis: {
      cause: 'a migration does not fit the data in the data folder',
      mend: 'npm run reset -- --yes && npm start   (deletes the data)',
    },
  },
  {
    pattern: /could not locate a valid checkpoint|invalid magic number|PANIC:|database disk image is malformed/i,
    diagnosis: {
      cause: 'the data folder is damaged',
      mend: 'npm run reset -- --yes && npm start   (deletes the data)',
    },
  },
  {
    pattern: /ERR_MODULE_NOT_FOUND|Cannot find (module|package)/,
    diagnosis: { cause: 'packages or generated files are missing', mend: 'rm -rf .tools/stamps && npm start' },
  },
  {
    pattern: /EACCES|permission denied/i,
    diagnosis: {
      cause: 'a file may not be read or written',
      mend: 'give your user the data folder (STUDIO_DATA_DIR), then npm start',
    },
  },
  {
    pattern: /SIGKILL/,
    diagnosis: {
      cause: 'something killed it, often the system for want of memory',
      mend: 'free about 1.5 GiB, then npm start',
    },
  },
  {
    pattern: /not ready after/,
    diagnosis: { cause: 'the machine is slow or very busy', mend: 'npm start   (again, when less else is running)' },
  },
]

/** The likely cause of a failure. `logFile` is named where nothing known is found. */
export function diagnose(message: string, tail: readonly string[], logFile: string): Diagnosis {
  const text = [message, ...tail].join('\n')
  return (
    known.find(({ pattern }) => pattern.test(text))?.diagnosis ?? {
      cause: 'unknown; the log says more',
      mend: `less '${logFile}'`,
    }
  )
}
