/** A heading outside of lists, quotations and code. */
export interface Heading {
  /** Its lines, `end` not included: more than one where it is underlined. */
  start: number
  end: number
  level: number
  /** What it says, as markdown. */
  markdown: string
}

export interface Scan {
  headings: Heading[]
  /** The line that ends what the text left open (code, a comment), and what comes after the text would fall into; null: nothing. */
  closing: string | null
}

/** Lines that are taken as they are. */
interface Verbatim {
  /** Whether the line is the last of them. */
  ends(line: string): boolean
  /** Whether the line is none of them any more, since the list item or quotation that they stand in is over. */
  isOutside(line: string): boolean
  closing: string | null
}

const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/
const underline = /^ {0,3}(?:(=+)|-+)[ \t]*$/
const rule = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/
/** Indentation and the marks of quotations and list items. */
const container = /^(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*/

/**
 * Finds the headings of a markdown text (CommonMark, sections 4.2 and 4.3) and what it leaves open at its end (4.5 and 4.6), in time that grows with
 * its length: a whole parser (micromark 4) took 23 s for 64 KiB of `>`.
 */
export function scanMarkdown(lines: readonly string[]): Scan {
  const headings: Heading[] = []
  let verbatim: Verbatim | undefined
  // Where the paragraph began that the line before belongs to; null: in a list, a quotation or code, which no line underlines.
  let paragraph: number | null | undefined
  for (const [at, line] of lines.entries()) {
    if (verbatim?.isOutside(line)) verbatim = undefined
    if (verbatim) {
      if (verbatim.ends(line)) verbatim = undefined
      continue
    }
    const atx = atxHeading.exec(line)
    const under = typeof paragraph === 'number' ? underline.exec(line) : null
    verbatim = openFence(line) ?? openHtml(line)
    if (atx) {
      headings.push({ start: at, end: at + 1, level: atx[1]?.length ?? 1, markdown: withoutClosing(atx[2] ?? '') })
    } else if (under && typeof paragraph === 'number') {
      const markdown = joined(lines.slice(paragraph, at))
      headings.push({ start: paragraph, end: at + 1, level: under[1] ? 1 : 2, markdown })
    }
    if (atx || under || verbatim || rule.test(line) || line.trim() === '') paragraph = undefined
    else if (isContained(line)) paragraph = null
    else if (paragraph === undefined) paragraph = isIndented(line) ? null : at
  }
  return { headings, closing: verbatim?.closing ?? null }
}

function isContained(line: string): boolean {
  return container.exec(line)?.[0].trim() !== ''
}

function isIndented(line: string): boolean {
  return /^(?: {4}|\t)/.test(line)
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => line.trim()).join(' ')
}

function withoutClosing(markdown: string): string {
  return markdown
    .trim()
    .replace(/(?:^|[ \t])#+$/, '')
    .trim()
}

function openFence(line: string): Verbatim | undefined {
  const prefix = container.exec(line)?.[0] ?? ''
  const [, ticks, tildes] = /^(?:(`{3,})[^`]*|(~{3,}).*)$/.exec(line.slice(prefix.length)) ?? []
  const fence = ticks ?? tildes
  if (fence === undefined) return undefined
  const isClosing = (rest: string): boolean =>
    rest.length >= fence.length && rest === fence.charAt(0).repeat(rest.length)
  if (/^ {0,3}$/.test(prefix)) return { ends: (next) => isClosing(next.trim()), isOutside: () => false, closing: fence }
  return {
    ends: (next) => isClosing(next.replace(/^[\s>]+/, '').trimEnd()),
    isOutside: (next) => /^[^\s>]/.test(next),
    closing: null,
  }
}

const htmlBlocks: readonly { opens: RegExp; ends: RegExp; closing: string }[] = [
  { opens: /^ {0,3}<!--/, ends: /-->/, closing: '-->' },
  { opens: /^ {0,3}<\?/, ends: /\?>/, closing: '?>' },
  { opens: /^ {0,3}<!\[CDATA\[/, ends: /\]\]>/, closing: ']]>' },
  { opens: /^ {0,3}<![a-z]/i, ends: />/, closing: '>' },
  ...['script', 'pre', 'style', 'textarea'].map((name) => ({
    opens: new RegExp(String.raw`^ {0,3}<${name}(?:[\s>]|$)`, 'i'),
    ends: /<\/(?:script|pre|style|textarea)>/i,
    closing: `</${name}>`,
  })),
]

/** Blocks of HTML that go on over blank lines. */
function openHtml(line: string): Verbatim | undefined {
  const block = htmlBlocks.find(({ opens }) => opens.test(line))
  if (block === undefined || block.ends.test(line)) return undefined
  return { ends: (next) => block.ends.test(next), isOutside: () => false, closing: block.closing }
}
