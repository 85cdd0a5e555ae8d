import setUpEngines from '../../libs/testing/src/jest/global-setup.ts'
import { bundleTestWorkflows } from '../providers/bundle.ts'

/** Before the end-to-end tests: the bundle of the test worker is made here, since containers see the repository read-only. */
export default async function setUp(): Promise<void> {
  await bundleTestWorkflows()
  await setUpEngines()
}
