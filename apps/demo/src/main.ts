import { count, good, heading, line, passingLine, quiet, snippet, strong, wrap } from './print.ts'
import { author, beginning, nextEdit, title, year, type Edit } from './story.ts'
import { connect, DemoError, type Blob, type Graph, type GraphNode, type Studio } from './studio.ts'
import { drawTree } from './tree.ts'
import { seenIn, untilSettled, type Listener } from './watch.ts'

async function main(): Promise<void> {
  const { STUDIO_URL, STUDIO_TOKEN } = process.env
  if (!STUDIO_URL || !STUDIO_TOKEN)
    throw new DemoError('STUDIO_URL says where the studio is and STUDIO_TOKEN who asks; `npm start` sets both.')
  const studio = connect(STUDIO_URL.replace(/\/+$/, ''), STUDIO_TOKEN)

  const earlier = await studio.find((blob) => blob.metadata['demo'] === true)
  const source = earlier ? await comeBack(studio, earlier) : await store(studio)
  const { edited, made, graph } = await edit(studio, source)
  await show(studio, made, graph)
  lookFurther(studio, edited)
}

async function store(studio: Studio): Promise<Blob> {
  heading(`Storing a text: ${title}`)
  line(quiet(`  ${author}, ${year}; ${count(beginning.length)} characters`))
  const start = performance.now()
  const blob = await studio.create({ text: beginning, metadata: { demo: true, title, author, year } })
  line(`  accepted in ${milliseconds(performance.now() - start)} as version ${blob.version} of blob ${blob.id}`)
  heading('What the providers make of it')
  finish(await untilSettled(studio, blob.id, new Map(), progressOf(blob)))
  return blob
}

async function comeBack(studio: Studio, blob: Blob): Promise<Blob> {
  heading(`Found the text of an earlier run: ${title}`)
  line(`  version ${blob.version} of blob ${blob.id}`)
  line(quiet(`  stored ${blob.created_at}, last changed ${blob.updated_at}`))
  await untilSettled(studio, blob.id, new Map(), {
    done: () => {},
    waiting: (providers) => passingLine(`  ${providers.join(', ')} …`),
  })
  return blob
}

async function edit(studio: Studio, source: Blob): Promise<{ edited: Blob; made: Edit; graph: Graph }> {
  const before = seenIn(await studio.graph(source.id))
  const current = await studio.read(source.id)
  const made = nextEdit(current.text ?? '')
  heading('Editing it: the book goes on, typed in a hurry')
  for (const part of wrap(made.typed, '  + ')) line(good(part))
  const start = performance.now()
  const edited = await studio.edit(source.id, made.text, current.version)
  line(`  accepted in ${milliseconds(performance.now() - start)} as version ${edited.version}`)
  heading('The cascade')
  const graph = await untilSettled(studio, edited.id, before, progressOf(edited))
  finish(graph)
  return { edited, made, graph }
}

/** Prints each node that was brought up to date, with the time since the change was accepted (both times are the studio's own). */
function progressOf(change: Blob): Listener {
  return {
    done: (node, versionBefore) => {
      const elapsed = Date.parse(node.last_run_at ?? '') - Date.parse(change.updated_at)
      line(
        `  ${milliseconds(elapsed).padStart(9)}  ${(node.provider_id ?? '').padEnd(16)} ${outcome(node, versionBefore)}`,
      )
    },
    waiting: (providers) => passingLine(`             ${providers.join(', ') || 'the cascade'} …`),
  }
}

function outcome({ version }: GraphNode, versionBefore: number): string {
  if (versionBefore === 0) return `version ${version}`
  return version === versionBefore ? `version ${version}, the same as before` : `version ${versionBefore} → ${version}`
}

function finish({ nodes, edges }: Graph): void {
  line(`  ${good('settled')}: ${nodes.length} nodes, ${edges.length} edges`)
}

async function show(studio: Studio, made: Edit, graph: Graph): Promise<void> {
  heading('The graph now')
  const texts = new Map<string, string>()
  for (const { blob_id } of graph.nodes) texts.set(blob_id, (await studio.read(blob_id)).text ?? '')
  const lines = drawTree(graph, ({ blob_id, provider_id, provider_version, version }) => {
    const text = texts.get(blob_id) ?? ''
    const input = texts.get(graph.edges.find((edge) => edge.target_id === blob_id)?.source_id ?? '')
    const start = input === undefined ? text.indexOf(made.typed) : whereTheyPart(input, text)
    return {
      name: `${strong(provider_id === null ? title : `${provider_id}@${provider_version ?? '?'}`)}  version ${version}`,
      details: [
        quiet(blob_id),
        `${count(text.length)} characters${good(presence(text, made))}`,
        quiet(text === input ? 'nothing to change in its input' : `“${snippet(text, start, 64)}”`),
      ],
    }
  })
  for (const drawn of lines) line(`  ${drawn}`)
}

function presence(text: string, { typed, meant }: Edit): string {
  if (text.includes(typed)) return ', with the new sentence'
  return text.includes(meant) ? ', with the new sentence, corrected' : ''
}

/** The beginning of the first word in which an output is not its input. */
function whereTheyPart(input: string, output: string): number {
  let same = 0
  while (same < output.length && input[same] === output[same]) same++
  return output.lastIndexOf(' ', same) + 1
}

function lookFurther({ url }: Studio, { id, version }: Blob): void {
  heading('Look further')
  line('  token=$(npm run -s token)')
  line(`  blob=${url}/api/v1/blobs/${id}`)
  for (const path of ['/dag', '/children', '/deltas', `/versions/${version}/content`]) {
    line(`  curl -s -H "Authorization: Bearer $token" $blob${path}`)
  }
  line()
}

const milliseconds = (value: number): string => `${count(Math.round(value))} ms`

await main().catch((error: unknown) => {
  line()
  const reason = error instanceof DemoError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`The demo stopped: ${reason}\n`)
  process.exitCode = 1
})
