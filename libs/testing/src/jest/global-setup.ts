import { testImages } from '../containers/images.ts'
import { startEngineHost, type EngineHost } from './engine-host.ts'

/** What the teardown closes: jest runs both in one process, but loads them apart. */
export const running = globalThis as typeof globalThis & { studioEngineHost?: EngineHost }

/** Once for a jest run, before its workers start; they inherit the environment. */
export default async function setUp(): Promise<void> {
  running.studioEngineHost = await startEngineHost()
  process.env['STUDIO_TEST_ENGINES'] = running.studioEngineHost.url
  if (process.env['STUDIO_TEST_BACKEND'] === 'containers') {
    // Here, since the first time takes longer than a test may.
    process.env['STUDIO_TEST_IMAGES'] = JSON.stringify(await testImages())
  }
}
