/** A fenced code block, with a fence that no line of the text can close. `text` ends with a line end. */
export function fenced(language: string, text: string): string {
  let fence = '```'
  for (const [run] of text.matchAll(/`{3,}/g)) if (run.length >= fence.length) fence = `${run}\``
  return `${fence}${language}\n${text}${fence}`
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
