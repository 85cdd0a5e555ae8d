/** One measured figure. `aim` says what it is held against, `better` which way is good; `value` in `unit`. */
export interface Figure {
  name: string
  value: number
  unit: string
  aim?: string
  better: 'higher' | 'lower'
}

const number = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))

/** A table of figures, beside the kept baseline where there is one. */
export function table(figures: readonly Figure[], baseline: Readonly<Record<string, number>>): string {
  const rows = figures.map((figure) => {
    const before = baseline[figure.name]
    const change = before === undefined ? '' : `${number(figure.value / before)} ×`
    return [figure.name, `${number(figure.value)} ${figure.unit}`, figure.aim ?? '', change]
  })
  const all = [['figure', 'measured', 'aim', 'against baseline'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
