import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ErrorCode } from '@studio/kernel'
import type { ConformanceCase, Expected } from './case.ts'
import { itemTexts, memberTexts } from './json-text.ts'

const require = createRequire(import.meta.url)

/** The suite describes errors in words; these are ours. */
const codes: Record<string, ErrorCode> = {
  'Out of bounds (upper)': 'patch_failed',
  'Out of bounds (lower)': 'patch_failed',
  'index is greater than number of items in array': 'patch_failed',
  "test op shouldn't get array element 1": 'patch_failed',
  'Object operation on array target': 'patch_failed',
  "remove op shouldn't remove from array with bad number": 'patch_failed',
  "replace op shouldn't replace in array with bad number": 'patch_failed',
  "copy op shouldn't work with bad number": 'patch_failed',
  "move op shouldn't work with bad number": 'patch_failed',
  "add op shouldn't add to array with bad number": 'patch_failed',
  'path /a does not exist -- missing objects are not created recursively': 'patch_failed',
  'add to a non-existent target': 'patch_failed',
  'test op should fail': 'patch_test_failed',
  'string not equivalent': 'patch_test_failed',
  'number is not equal to string': 'patch_test_failed',
  "missing 'value' parameter": 'malformed_patch',
  "missing 'from' parameter": 'malformed_patch',
  "Unrecognized op 'spam'": 'malformed_patch',
  "patch has two 'op' members": 'json_duplicate_member',
  "operation has two 'op' members": 'json_duplicate_member',
}

/**
 * The public suite, json-patch/json-patch-tests, as its authors publish it: npm `json-patch-test-suite` 1.1.0, Apache-2.0. All 95 cases
 * are run, with those that the suite itself has disabled (see the README beside this folder for each of them).
 */
export const jsonPatchTests: readonly ConformanceCase[] = [
  ...casesIn('tests.json', require.resolve('json-patch-test-suite/tests.json')),
  ...casesIn('spec_tests.json', require.resolve('json-patch-test-suite/spec_tests.json')),
]

function casesIn(file: string, path: string): ConformanceCase[] {
  return itemTexts(readFileSync(path, 'utf8')).map((record, at) => {
    const members = memberTexts(record)
    const document = members.get('doc') ?? ''
    const comment = members.get('comment')
    return {
      source: `json-patch-tests ${file}`,
      name: `${at}${comment === undefined ? '' : ` ${JSON.parse(comment) as string}`}`,
      format: 'json-patch',
      document,
      patch: members.get('patch') ?? '',
      expected: expectedOf(members, document),
    }
  })
}

/** A case without `expected` and `error` says that its tests hold: the document stays as it is. */
function expectedOf(members: Map<string, string>, document: string): Expected {
  const error = members.get('error')
  if (error === undefined) return { result: members.get('expected') ?? document }
  const message = JSON.parse(error) as string
  const code = codes[message]
  if (code === undefined) throw new Error(`json-patch-tests names an error that has no code here: ${message}`)
  return { code }
}
