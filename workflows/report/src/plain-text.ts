// What CommonMark or GitHub take for an inline mark. Underscores and tildes only count where they are not inside a word.
const inlineMarks = /[\\`*[\]<&]|(?<![\p{L}\p{N}])[_~]|[_~](?![\p{L}\p{N}])/gu
// What they take for a heading, quotation, list, rule or table at the start of a line.
const lineMark = /^[#>+=|:-]/
const numberMark = /^(\d{1,9})([.)])/

/** Markdown that shows a plain text as it reads: its paragraphs stay, its indentation goes, nothing in it is a mark. */
export function escapePlainText(text: string): string {
  return linesOf(text).map(escapeLine).join('\n')
}

function escapeLine(line: string): string {
  const escaped = line.trim().replaceAll(inlineMarks, String.raw`\$&`)
  return lineMark.test(escaped) ? `\\${escaped}` : escaped.replace(numberMark, String.raw`$1\$2`)
}

/** Lines without their ends. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/)
}

/** How a heading's markdown reads: the text of its links, no marks. As exact as a slug needs it, which drops punctuation anyway. */
export function readHeading(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^[\]]*)\](?:\([^()]*\)|\[[^[\]]*\])/g, '$1')
    .replaceAll(/<[^<>]*>/g, '')
    .replaceAll(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, '')
    .replaceAll(/[`*\\]|~~/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
