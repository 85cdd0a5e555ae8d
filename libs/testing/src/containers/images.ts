import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '@studio/supervisor'

export type Images = { postgres: string; nats: string; temporal: string; node: string }

let known: Promise<Images> | undefined

/** The images to run from (tools/docker/images.ts); pulled or built where missing, which may take a minute once. */
export function testImages(): Promise<Images> {
  const given = process.env['STUDIO_TEST_IMAGES']
  known ??= given ? Promise.resolve(JSON.parse(given) as Images) : findImages()
  return known
}

async function findImages(): Promise<Images> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-C', 'source', join(projectRoot, 'tools/docker/images.ts')],
    {
      maxBuffer: 1 << 24,
    },
  )
  return JSON.parse(stdout) as Images
}
