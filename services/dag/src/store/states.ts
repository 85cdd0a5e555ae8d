/** What can be claimed, as SQL over `node`: it waits for nothing, and its cascade goes on. */
export const isReady = `node.state = 'dirty' and node.dirty_inputs = 0 and node.awaits is null and not node.held`

/** States, as SQL, of what other nodes wait for, and of what they wait for in vain until somebody does something about it. */
export const unsettledStates = `('dirty', 'running', 'failed', 'blocked', 'cancelled')`
export const hinderingStates = `('failed', 'blocked', 'cancelled')`
