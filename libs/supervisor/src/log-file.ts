import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs'

const rotateAboveBytes = 10 * 1024 * 1024

/**
 * Opens the log of a part for appending and returns the descriptor, which goes to the child as it is: the child writes on
 * when the launcher is gone. A log over 10 MiB is moved to `<file>.1` first.
 */
export function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > rotateAboveBytes) renameSync(file, `${file}.1`)
  return openSync(file, 'a')
}

/** The last lines of a file (at most 64 KiB are looked at); empty when there is no such file. */
export function tailOf(file: string, lines: number, fromByte = 0): string[] {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return []
  }
  try {
    const size = fstatSync(descriptor).size
    const start = Math.max(fromByte, size - 65_536, 0)
    const buffer = Buffer.alloc(Math.max(0, size - start))
    readSync(descriptor, buffer, 0, buffer.length, start)
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines)
  } finally {
    closeSync(descriptor)
  }
}
