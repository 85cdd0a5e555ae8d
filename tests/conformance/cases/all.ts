import type { ConformanceCase } from './case.ts'
import { hostile } from './hostile.ts'
import { jsonPatchTests } from './json-patch-tests.ts'
import { laterJsonPatchTests } from './later-json-patch-tests.ts'
import { rfc6901 } from './rfc-6901.ts'
import { rfc6902 } from './rfc-6902.ts'
import { rfc7396 } from './rfc-7396.ts'

/** The public suite and the examples of the RFCs. */
export const publicCases: readonly ConformanceCase[] = [
  ...jsonPatchTests,
  ...laterJsonPatchTests,
  ...rfc6901,
  ...rfc6902,
  ...rfc7396,
]

/** All cases: those and our own hostile ones. */
export const allCases: readonly ConformanceCase[] = [...publicCases, ...hostile]
