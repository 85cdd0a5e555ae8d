import { add, countsOf, nothing, summaryLine } from './counts.ts'

const report = {
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  success: true,
}

test('a clean run counts its tests', () => {
  expect(countsOf(report)).toEqual({ passed: 5, failed: 0, skipped: 0 })
})

test('a file that could not be loaded is a failure', () => {
  expect(countsOf({ ...report, numRuntimeErrorTestSuites: 1, success: false }).failed).toBe(1)
})

test('a run that failed without a failing test is a failure', () => {
  expect(countsOf({ ...report, success: false }).failed).toBe(1)
})

test('the closing line names what was skipped only where something was', () => {
  expect(summaryLine(add(nothing, countsOf(report)))).toBe('5 passed, 0 failed')
  expect(summaryLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped')
})
