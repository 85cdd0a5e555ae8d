import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colour where there is a terminal that shows it. */
const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })
export const strong = (text: string): string => styled('bold', text)
export const quiet = (text: string): string => styled('dim', text)
export const good = (text: string): string => styled('green', text)

const columns = 80

let passing = false

/** A line that stands until the next one is printed; only where there is a terminal. */
export function passingLine(text: string): void {
  if (!process.stdout.isTTY) return
  process.stdout.write(`\r\x1b[2K${quiet(text)}`)
  passing = true
}

export function line(text = ''): void {
  process.stdout.write(`${passing ? '\r\x1b[2K' : ''}${text}\n`)
  passing = false
}

export function heading(text: string): void {
  line()
  line(strong(text))
}

/** Text in lines of at most 80 columns, each behind the indent. */
export function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(/\s+/)) {
    if (current !== '' && indent.length + current.length + 1 + word.length > columns) {
      lines.push(indent + current)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  return [...lines, indent + current]
}

/** A text in one line of at most `width` characters, from `start` on. */
export function snippet(text: string, start: number, width: number): string {
  const flat = `${start > 0 ? '…' : ''}${text.slice(start).replace(/\s+/g, ' ').trim()}`
  return flat.length <= width ? flat : `${flat.slice(0, width - 1).trimEnd()}…`
}

export const count = (value: number): string => value.toLocaleString('en')
