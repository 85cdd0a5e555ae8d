import { casesOf } from './case.ts'

/**
 * What json-patch/json-patch-tests tests at its commit 64ce0c87 and did not yet in the release of its package: the same documents and
 * patches, written out here.
 */
export const laterJsonPatchTests = casesOf('json-patch-tests, later', 'json-patch', [
  ['an object becomes an array', '{}', '[{"op":"add","path":"","value":[]}]', '[]'],
  ['an array becomes an object', '[]', '[{"op":"add","path":"","value":{}}]', '{}'],
  ['append to an empty document', '[]', '[{"op":"add","path":"/-","value":"hi"}]', '["hi"]'],
  ['remove the whole document', '1', '[{"op":"remove","path":""}]', 'null'],
  ['no path', '{}', '[{"op":"add","value":"bar"}]', '!malformed_patch'],
  ['a path that is null', '{}', '[{"op":"add","path":null,"value":"bar"}]', '!malformed_patch'],
  ['a path without a slash', '{}', '[{"op":"add","path":"foo","value":"bar"}]', '!malformed_patch'],
  ['copy what is not there', '{"foo":1}', '[{"op":"copy","from":"/bar","path":"/foo"}]', '!patch_failed'],
  ['move what is not there', '{"foo":1}', '[{"op":"move","from":"/bar","path":"/foo"}]', '!patch_failed'],
  ['an index of two zeros', '["foo","bar"]', '[{"op":"test","path":"/00","value":"foo"}]', '!patch_failed'],
  ['an index with a leading zero', '["foo","bar"]', '[{"op":"test","path":"/01","value":"bar"}]', '!patch_failed'],
  ['remove a member that is not there', '{"foo":"bar"}', '[{"op":"remove","path":"/baz"}]', '!patch_failed'],
  ['remove below what is not there', '{"foo":"bar"}', '[{"op":"remove","path":"/a/b"}]', '!patch_failed'],
  ['remove an item that is not there', '["foo","bar"]', '[{"op":"remove","path":"/2"}]', '!patch_failed'],
  ['names differ by case', '{"foo":"bar"}', '[{"op":"add","path":"/FOO","value":"BAR"}]', '{"foo":"bar","FOO":"BAR"}'],
  [
    'change the copy',
    '{"foo":{"bar":{"baz":[{"boo":"net"}]}}}',
    '[{"op":"copy","from":"/foo","path":"/bak"},{"op":"replace","path":"/bak/bar/baz/0/boo","value":"qux"}]',
    '{"foo":{"bar":{"baz":[{"boo":"net"}]}},"bak":{"bar":{"baz":[{"boo":"qux"}]}}}',
  ],
  [
    'change what was copied',
    '{"foo":{"bar":{"baz":[{"boo":"net"}]}}}',
    '[{"op":"copy","from":"/foo","path":"/bak"},{"op":"replace","path":"/foo/bar/baz/0/boo","value":"qux"}]',
    '{"foo":{"bar":{"baz":[{"boo":"qux"}]}},"bak":{"bar":{"baz":[{"boo":"net"}]}}}',
  ],
])
