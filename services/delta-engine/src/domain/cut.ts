/** Cuts a list in parts that weigh at most `maximum` each, or have one item; what weighs Infinity is alone. */
export function cut<Item>(items: readonly Item[], weigh: (item: Item) => number, maximum: number): Item[][] {
  const parts: Item[][] = []
  let weight = Infinity
  for (const item of items) {
    weight += weigh(item)
    const part = parts.at(-1)
    if (part === undefined || weight > maximum) {
      parts.push([item])
      weight = weigh(item)
    } else part.push(item)
  }
  return parts
}
