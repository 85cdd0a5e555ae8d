/**
 * The texts of an array's items, or of an object's members by name, as they stand in a JSON text. `JSON.parse` would drop the first of
 * two members with one name, and some cases are about just that. The text must be valid JSON.
 */
export function itemTexts(array: string): string[] {
  return partsOf(array)
}

/** See `itemTexts`; of two members with one name the last is answered. */
export function memberTexts(object: string): Map<string, string> {
  return new Map(
    partsOf(object).map((member) => {
      const name = /^"(?:[^"\\]|\\.)*"/.exec(member)?.[0] ?? ''
      return [JSON.parse(name) as string, member.slice(name.length).replace(/^\s*:\s*/, '')]
    }),
  )
}

/** What stands between the commas of the outermost array or object. */
function partsOf(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/g)) {
    if ((token === ',' && depth === 1) || ('}]'.includes(token) && depth === 1)) {
      const part = text.slice(start, index).trim()
      if (part !== '') parts.push(part)
    }
    if ('{['.includes(token)) depth += 1
    if ('}]'.includes(token)) depth -= 1
    if ((depth === 1 && '{[,'.includes(token)) || depth === 0) start = index + 1
  }
  return parts
}
