import type { Json } from '@studio/contracts'
import { canonicalJson } from '@studio/kernel'
import { applyMergePatch } from './apply-merge-patch.ts'
import { formatPointer } from './json-pointer.ts'
import { isObject, ownMember } from './json-value.ts'
import type { PatchOperation } from './parse-json-patch.ts'

/** What a JSON Merge Patch (RFC 7396) does to a document, place by place. What it sets to the value that is there already is left out. */
export function mergePatchOperations(document: Json, patch: Json): PatchOperation[] {
  const operations: PatchOperation[] = []
  collect(document, patch, [], operations)
  return operations
}

function collect(target: Json, patch: Json, path: readonly string[], operations: PatchOperation[]): void {
  if (!isObject(patch) || !isObject(target)) {
    // On what is no object, a merge patch works as on an empty one.
    const value = applyMergePatch(null, patch)
    if (canonicalJson(value) !== canonicalJson(target)) operations.push({ op: 'replace', ...at(path), value })
    return
  }
  for (const [name, value] of Object.entries(patch)) {
    const member = ownMember(target, name)
    const place = [...path, name]
    if (value === null) {
      if (member !== undefined) operations.push({ op: 'remove', ...at(place) })
    } else if (member === undefined) operations.push({ op: 'add', ...at(place), value: applyMergePatch(null, value) })
    else collect(member, value, place, operations)
  }
}

function at(path: readonly string[]): { pointer: string; path: readonly string[] } {
  return { pointer: formatPointer(path), path }
}
