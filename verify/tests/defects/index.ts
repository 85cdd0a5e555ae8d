import type { Defect } from './defect.ts'
import { derivations } from './derivations.ts'
import { events } from './events.ts'
import { heads } from './heads.ts'
import { history } from './history.ts'
import { overlays } from './overlays.ts'
import { publications } from './publications.ts'
import { purges } from './purges.ts'
import { runs } from './runs.ts'

export const defects: readonly Defect[] = [
  ...history,
  ...heads,
  ...derivations,
  ...overlays,
  ...runs,
  ...publications,
  ...events,
  ...purges,
]
