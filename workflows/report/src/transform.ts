import GithubSlugger, { slug } from 'github-slugger'
import { setImmediate as yieldToTimers } from 'node:timers/promises'
import { escapePlainText, linesOf, readHeading } from './plain-text.ts'
import { scanMarkdown, type Heading } from './scan-markdown.ts'

/** A text of a report; what is no markdown is shown as it reads. */
export interface ReportText {
  text: string
  isMarkdown: boolean
}

/** A text as a part of the report, in markdown. */
interface Section {
  /** Its heading, as markdown and as it reads. */
  heading: string
  title: string
  body: string
  /** The headings inside, as they read: anchors are counted through the whole document. */
  inner: string[]
}

const sectionLevel = 2
const deepestLevel = 6
const longestTitle = 80

/**
 * One markdown document of many texts: its title, a table of contents, and a section for each text in their order. Anchors are those that GitHub
 * gives to headings. A section is called by the heading that its text begins with, else by its first heading or line, shortened. Headings
 * inside go down one level, and stay below the section's.
 */
export async function writeReport(title: string, texts: readonly ReportText[], signal: AbortSignal): Promise<string> {
  const sections: Section[] = []
  for (const { text, isMarkdown } of texts) {
    const fallback = `Text ${sections.length + 1}`
    sections.push(isMarkdown ? markdownSection(text, fallback) : plainSection(text, fallback))
    // A thousand large texts take seconds, in which heartbeats must go out.
    await yieldToTimers(undefined, { signal })
  }
  const heading = title.replaceAll(/\s+/g, ' ')
  const slugger = new GithubSlugger()
  slugger.slug(heading)
  slugger.slug('Contents')
  const contents = sections.map((section) => {
    const anchor = slugger.slug(section.title)
    for (const inner of section.inner) slugger.slug(inner)
    return `- [${escapePlainText(shorten(section.title))}](#${anchor})`
  })
  const parts = sections.map((section) => `## ${section.heading}\n\n${section.body}`.trimEnd())
  return `${[`# ${escapePlainText(heading)}`, '## Contents', contents.join('\n'), ...parts].join('\n\n')}\n`
}

function plainSection(text: string, fallback: string): Section {
  const title = titleOf(linesOf(text), fallback)
  return { heading: escapePlainText(title), title, body: escapePlainText(text).trim(), inner: [] }
}

function markdownSection(text: string, fallback: string): Section {
  const lines = linesOf(text)
  const { headings, closing } = scanMarkdown(lines)
  const first = lines.findIndex((line) => line.trim() !== '')
  const opening = headings.find(({ start, markdown }) => start === first && canBeTitle(readHeading(markdown)))
  const inner = headings.filter((heading) => heading !== opening)
  const body = [...demote(lines, inner, opening?.end ?? 0), ...(closing === null ? [] : [closing])]
  const title = opening
    ? readHeading(opening.markdown)
    : titleOf([...headings.map(({ markdown }) => markdown), ...lines].map(readHeading), fallback)
  return {
    heading: opening?.markdown ?? escapePlainText(title),
    title,
    body: body.join('\n').replace(/^\n+/, ''),
    inner: inner.map(({ markdown }) => readHeading(markdown)),
  }
}

/** The lines from `from` on, with their headings one level down. */
function demote(lines: readonly string[], headings: readonly Heading[], from: number): string[] {
  const demoted: string[] = []
  let at = from
  for (const { start, end, level, markdown } of headings) {
    const depth = Math.min(Math.max(level, sectionLevel) + 1, deepestLevel)
    demoted.push(...lines.slice(at, start), `${'#'.repeat(depth)} ${markdown}`)
    at = end
  }
  return [...demoted, ...lines.slice(at)]
}

function titleOf(candidates: readonly string[], fallback: string): string {
  const title = candidates.find(canBeTitle)
  return title === undefined ? fallback : shorten(title.trim().replaceAll(/\s+/g, ' '))
}

/** Whether an anchor can be made of it. */
function canBeTitle(text: string): boolean {
  return slug(text.trim()) !== ''
}

function shorten(text: string): string {
  if (text.length <= longestTitle) return text
  const start = text.slice(0, longestTitle)
  const end = start.lastIndexOf(' ')
  // Between words, where there are any; and not within a surrogate pair.
  return `${(end > 0 ? start.slice(0, end) : start).replace(/[\uD800-\uDBFF]$/, '')}…`
}
