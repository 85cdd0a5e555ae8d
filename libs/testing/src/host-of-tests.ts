/** Name of the test's own machine inside of containers. */
export const hostFromContainers = 'host.docker.internal'

/** Where the parts of a studio reach a server that the test itself runs (which listens on all addresses for containers' sake). */
export function hostOfTests(): string {
  return process.env['STUDIO_TEST_BACKEND'] === 'containers' ? hostFromContainers : '127.0.0.1'
}
