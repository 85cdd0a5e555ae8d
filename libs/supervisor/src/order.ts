/** A named thing with dependencies. */
export interface Dependent {
  name: string
  dependsOn: readonly string[]
}

/**
 * The parts in an order in which each comes after all it depends on (Kahn's algorithm; stable for equals).
 * Throws an Error that names a doubled name, an unknown dependency or the members of a cycle.
 */
export function inStartOrder<T extends Dependent>(parts: readonly T[]): T[] {
  const byName = new Map<string, T>()
  for (const part of parts) {
    if (byName.has(part.name)) throw new Error(`There are two parts named ${part.name}.`)
    byName.set(part.name, part)
  }
  for (const part of parts) {
    for (const dependency of part.dependsOn) {
      if (!byName.has(dependency)) throw new Error(`${part.name} depends on ${dependency}, which is not a part.`)
    }
  }
  const ordered = new Set<T>()
  for (let rest = parts; rest.length > 0;) {
    const next = rest.filter((part) => part.dependsOn.every((name) => ordered.has(byName.get(name)!)))
    if (next.length === 0)
      throw new Error(`These parts depend on each other in a circle: ${rest.map((part) => part.name).join(', ')}.`)
    for (const part of next) ordered.add(part)
    rest = rest.filter((part) => !ordered.has(part))
  }
  return [...ordered]
}

/**
 * Only the named parts and, where `transitive`, all that they depend on; dependencies outside the selection are cut off,
 * so that the result can be started by itself.
 */
export function selectParts<T extends Dependent>(
  parts: readonly T[],
  names: readonly string[],
  transitive: boolean,
): T[] {
  const wanted = new Set<string>()
  const add = (name: string): void => {
    const part = parts.find((each) => each.name === name)
    if (!part)
      throw new Error(`There is no part named ${name}; there are ${parts.map((each) => each.name).join(', ')}.`)
    if (wanted.has(name)) return
    wanted.add(name)
    if (transitive) part.dependsOn.forEach(add)
  }
  names.forEach(add)
  return parts
    .filter((part) => wanted.has(part.name))
    .map((part) => ({ ...part, dependsOn: part.dependsOn.filter((name) => wanted.has(name)) }))
}
