import { GenericContainer } from 'testcontainers'

/**
 * A container whose first process is Docker's init. The kernel ignores SIGKILL that a namespace's first process sends to
 * itself, so that a service in its place would survive its own failpoints.
 */
export class InitialisedContainer extends GenericContainer {
  constructor(image: string) {
    super(image)
    this.hostConfig = { ...this.hostConfig, Init: true }
  }
}
