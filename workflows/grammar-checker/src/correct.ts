import type { BinaryModule, Lint, Linter } from 'harper.js'

export type Dialect = 'american' | 'australian' | 'british' | 'canadian'

// Matters of taste are the author's.
const taste = new Set(['Enhancement', 'Formatting', 'Readability', 'Regionalism', 'Style'])

/** The text with all mistakes corrected that have exactly one correction. What may be a name (an unknown word in capitals) is left alone. */
export async function correct(text: string, language: 'plaintext' | 'markdown', dialect: Dialect): Promise<string> {
  const linter = await linterFor(dialect)
  const clear = (await linter.lint(text, { language })).filter(isClear)
  // From the end to the beginning, so that the places of the others hold; of two that overlap the later one counts.
  clear.sort((a, b) => b.span().start - a.span().start)
  let corrected = text
  let untouched = Infinity
  for (const lint of clear) {
    const [suggestion] = lint.suggestions()
    if (suggestion === undefined || lint.span().end > untouched) continue
    corrected = await linter.applySuggestion(corrected, lint, suggestion)
    untouched = lint.span().start
  }
  return corrected
}

function isClear(lint: Lint): boolean {
  if (lint.suggestion_count() !== 1 || taste.has(lint.lint_kind())) return false
  return lint.lint_kind() !== 'Spelling' || lint.get_problem_text() === lint.get_problem_text().toLowerCase()
}

const linters = new Map<Dialect, Promise<Linter>>()

function linterFor(dialect: Dialect): Promise<Linter> {
  let linter = linters.get(dialect)
  if (linter === undefined) {
    linter = load(dialect)
    linters.set(dialect, linter)
    linter.catch(() => linters.delete(dialect))
  }
  return linter
}

async function load(dialect: Dialect): Promise<Linter> {
  const [{ Dialect: Dialects, LocalLinter }, binary] = await Promise.all([import('harper.js'), loadBinary()])
  const dialects = {
    american: Dialects.American,
    australian: Dialects.Australian,
    british: Dialects.British,
    canadian: Dialects.Canadian,
  }
  const linter = new LocalLinter({ binary, dialect: dialects[dialect] })
  await linter.setup()
  return linter
}

/**
 * The engine's module. harper.js reads its file by `new URL(…).pathname`, which is not the path where that has a space or an umlaut; there the
 * inlined form is taken, which costs some 250 MB more.
 */
async function loadBinary(): Promise<BinaryModule> {
  const { binary } = await import('harper.js/binary')
  if (!import.meta.url.includes('%')) return binary
  return (await import('harper.js/binaryInlined')).binaryInlined
}
