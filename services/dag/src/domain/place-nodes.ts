import type { GraphEdge } from '@studio/contracts'
import { levelsOf } from './levels.ts'

/** Nodes with their levels, level by level and by id within one, and the ids of each level. */
export function placeNodes<Node extends { blob_id: string }>(
  nodes: readonly Node[],
  edges: readonly GraphEdge[],
): { nodes: (Node & { level: number })[]; levels: string[][] } {
  const level = levelsOf(
    nodes.map((node) => node.blob_id),
    edges,
  )
  const placed = nodes
    .map((node) => ({ ...node, level: level.get(node.blob_id) ?? 0 }))
    .sort((one, other) => one.level - other.level || (one.blob_id < other.blob_id ? -1 : 1))
  const levels: string[][] = []
  for (const node of placed) (levels[node.level] ??= []).push(node.blob_id)
  return { nodes: placed, levels }
}
