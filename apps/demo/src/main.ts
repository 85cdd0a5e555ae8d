import { count, good, heading, line, quiet, snippet, strong, wrap } from './print.ts'
import { author, beginning, nextEdit, title, year } from './story.ts'
import { connect, DemoError, type Blob, type Graph, type GraphNode, type Studio } from './studio.ts'
import { drawTree } from './tree.ts'
import { seenIn, untilSettled } from './watch.ts'

async function main(): Promise<void> {
  const { STUDIO_URL, STUDIO_TOKEN } = process.env
  if (!STUDIO_URL || !STUDIO_TOKEN) throw new DemoError('STUDIO_URL says where the studio is and STUDIO_TOKEN who asks; `npm start` sets both.')
  const studio = connect(STUDIO_URL.replace(/\/+$/, ''), STUDIO_TOKEN)

  const earlier = await studio.find((blob) => blob.metadata['demo'] === true)
  const source = earlier ? await comeBack(studio, earlier) : await store(studio)
  const { edited, sentence, graph } = await edit(studio, source)
  await show(studio, edited, sentence, graph)
  lookFurther(studio, edited)
}

async function store(studio: Studio): Promise<Blob> {
  heading(`Storing a text: ${title}`)
  line(quiet(`  ${author}, ${year}; ${count(beginning.length)} characters`))
  const start = performance.now()
  const blob = await studio.create({ text: beginning, metadata: { demo: true, title, author, year } })
  line(`  accepted in ${milliseconds(performance.now() - start)} as version ${blob.version} of blob ${blob.id}`)
  heading('What the providers make of it')
  finish(await untilSettled(studio, blob.id, new Map(), tellOf(blob)))
  return blob
}

async function comeBack(studio: Studio, blob: Blob): Promise<Blob> {
  heading(`Found the text of an earlier run: ${title}`)
  line(`  version ${blob.version} of blob ${blob.id}`)
  line(quiet(`  stored ${blob.created_at}, last changed ${blob.updated_at}`))
  await untilSettled(studio, blob.id, new Map(), () => {})
  return blob
}

async function edit(studio: Studio, source: Blob): Promise<{ edited: Blob; sentence: string; graph: Graph }> {
  const before = seenIn(await studio.graph(source.id))
  const current = await studio.read(source.id)
  const { text, sentence } = nextEdit(current.text ?? '')
  heading('Editing it: the book goes on')
  for (const part of wrap(sentence, '  + ')) line(good(part))
  const start = performance.now()
  const edited = await studio.edit(source.id, text, current.version)
  line(`  accepted in ${milliseconds(performance.now() - start)} as version ${edited.version}`)
  heading('The cascade')
  const graph = await untilSettled(studio, edited.id, before, tellOf(edited))
  finish(graph)
  return { edited, sentence, graph }
}

/** Prints a node that was brought up to date, with the time since the change was accepted (both times are the studio's own). */
function tellOf(change: Blob): (node: GraphNode, versionBefore: number) => void {
  return (node, versionBefore) => {
    const elapsed = Date.parse(node.last_run_at ?? '') - Date.parse(change.updated_at)
    const outcome =
      versionBefore === 0 ? `version ${node.version}` : node.version === versionBefore ? `version ${node.version}, the same as before` : `version ${versionBefore} → ${node.version}`
    line(`  ${milliseconds(elapsed).padStart(9)}  ${(node.provider_id ?? '').padEnd(16)} ${outcome}`)
  }
}

function finish({ nodes, edges }: Graph): void {
  line(`  ${good('settled')}: ${nodes.length} nodes, ${edges.length} edges`)
}

async function show(studio: Studio, edited: Blob, sentence: string, graph: Graph): Promise<void> {
  heading('The graph now')
  const texts = new Map(await Promise.all(graph.nodes.map(async ({ blob_id }) => [blob_id, (await studio.read(blob_id)).text ?? ''] as const)))
  const lines = drawTree(graph, (node) => {
    const text = texts.get(node.blob_id) ?? ''
    const maker = node.provider_id === null ? title : `${node.provider_id}@${node.provider_version ?? '?'}`
    const fresh = text.includes(sentence) ? good(', with the new sentence') : ''
    return {
      name: `${strong(maker)}  version ${node.version}${quiet(`, ${count(text.length)} characters`)}${fresh}`,
      details: [quiet(`“${snippet(text, 60)}”`), quiet(node.blob_id)],
    }
  })
  for (const drawn of lines) line(`  ${drawn}`)
}

function lookFurther({ url }: Studio, { id, version }: Blob): void {
  heading('Look further')
  const blob = `${url}/api/v1/studio/blobs/${id}`
  const paths = [`${blob}/dag`, `${blob}/deltas`, `${blob}/versions/${version}/content`, `${url}/api/v1/studio/providers`]
  for (const path of paths) {
    line('  curl -s -H "Authorization: Bearer $(npm run -s token)" \\')
    line(`    ${path}`)
  }
  line()
}

const milliseconds = (value: number): string => `${count(Math.round(value))} ms`

await main().catch((error: unknown) => {
  process.stderr.write(`\nThe demo stopped: ${error instanceof DemoError ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exitCode = 1
})
