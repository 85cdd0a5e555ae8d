const guarded = { Object, Array, Function, String, Number, Boolean }

/** All own properties of the prototypes of what JSON is made of, with their descriptors. */
function snapshot(): Map<string, PropertyDescriptor> {
  return new Map(
    Object.entries(guarded).flatMap(([name, { prototype }]) =>
      Reflect.ownKeys(prototype).map((key) => [
        `${name}.prototype.${String(key)}`,
        Reflect.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor,
      ]),
    ),
  )
}

const aspects = ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'] as const
const before = snapshot()

/**
 * The properties of the prototypes that have come, gone or changed since this module was loaded, by name; none where all is well. To be
 * called after every case.
 */
export function changedPrototypeProperties(): string[] {
  const now = snapshot()
  return [...new Set([...before.keys(), ...now.keys()])].filter((name) => {
    const [old, current] = [before.get(name), now.get(name)]
    return aspects.some((aspect) => !Object.is(old?.[aspect], current?.[aspect])) || !old || !current
  })
}
