import { isStudioError, StudioError, type ErrorCode } from '@studio/kernel'

/** A function of the module and what it is called with. */
export interface Task {
  readonly name: string
  readonly args: readonly unknown[]
}

/** How a task ended. A thrown StudioError goes by its parts: cloning it would leave its code behind. */
export type Ended =
  | { readonly value: unknown }
  | { readonly refusal: { code: ErrorCode; detail: string; extensions: Record<string, unknown> } }
  | { readonly fault: unknown }

export function ended(run: () => unknown): Ended {
  try {
    return { value: run() }
  } catch (error) {
    if (!isStudioError(error)) return { fault: error }
    const { code, message, extensions } = error
    return { refusal: { code, detail: message, extensions: { ...extensions } } }
  }
}

/** The value of a task; throws what it threw. */
export function valueOf(end: Ended): unknown {
  if ('value' in end) return end.value
  if ('fault' in end) throw end.fault
  const { code, detail, extensions } = end.refusal
  throw new StudioError(code, detail, { extensions })
}
