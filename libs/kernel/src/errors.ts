/**
 * The one catalogue of errors. Each has a stable code that callers may test, the HTTP status it has at the edge
 * (RFC 9457 problem+json), whether the same request may succeed later, and a title that says what kind of fault it is.
 * What to do about it stands in the `detail` that the thrower gives.
 */
export const errorCatalogue = {
  // the request itself
  malformed_json: { status: 400, retryable: false, title: 'The body is not valid JSON' },
  invalid_request: { status: 422, retryable: false, title: 'The request does not have the expected form' },
  invalid_content_type: { status: 422, retryable: false, title: 'The content type is not a media type' },
  invalid_content: { status: 422, retryable: false, title: 'The content is not valid for its content type' },
  invalid_utf8: { status: 422, retryable: false, title: 'Text is not valid UTF-8' },
  json_too_deep: { status: 422, retryable: false, title: 'The JSON is nested too deep' },
  json_duplicate_member: { status: 422, retryable: false, title: 'An object has a member name twice' },
  json_lost_number: { status: 422, retryable: false, title: 'A number would not keep its value' },
  json_lone_surrogate: { status: 422, retryable: false, title: 'A string holds half of a surrogate pair' },
  unsupported_media_type: { status: 415, retryable: false, title: 'This media type is not accepted here' },
  body_too_large: { status: 413, retryable: false, title: 'The body is larger than allowed' },
  not_found: { status: 404, retryable: false, title: 'There is nothing at this address' },
  method_not_allowed: { status: 405, retryable: false, title: 'This address does not take this method' },
  // who asks
  unauthenticated: { status: 401, retryable: false, title: 'A valid bearer token is needed' },
  token_expired: { status: 401, retryable: false, title: 'The bearer token has expired' },
  // blobs, versions, deltas
  blob_not_found: { status: 404, retryable: false, title: 'There is no such blob' },
  blob_deleted: { status: 410, retryable: false, title: 'The blob has been deleted' },
  blob_not_deleted: { status: 409, retryable: false, title: 'Only a deleted blob can be purged' },
  content_purged: { status: 410, retryable: false, title: 'The content has been purged' },
  purge_not_found: { status: 404, retryable: false, title: 'There is no such purge' },
  blob_exists: { status: 409, retryable: false, title: 'A blob with this id exists already' },
  version_not_found: { status: 404, retryable: false, title: 'The blob has no such version' },
  content_not_found: { status: 404, retryable: false, title: 'There is no such content' },
  delta_not_found: { status: 404, retryable: false, title: 'There is no such delta' },
  version_conflict: {
    status: 409,
    retryable: true,
    title: 'The blob has moved on from the version that the change was made for',
  },
  precondition_failed: { status: 412, retryable: false, title: 'If-Match names another version than the current one' },
  merge_conflict: {
    status: 409,
    retryable: false,
    title: 'The change and what came since its version change the same place',
  },
  diff_not_expressible: { status: 422, retryable: false, title: 'The difference cannot be written in this format' },
  blob_not_published: { status: 404, retryable: false, title: 'The blob has not been published yet' },
  publication_not_atomic: {
    status: 409,
    retryable: false,
    title: 'The blob is not published together with others',
  },
  publication_of_sources_only: { status: 422, retryable: false, title: 'Publication is chosen for sources only' },
  derived_blob_read_only: {
    status: 409,
    retryable: false,
    title: 'A derived blob comes and goes with what it is made from',
  },
  overlay_not_found: { status: 404, retryable: false, title: 'Nobody has edited this derived blob' },
  idempotency_conflict: { status: 409, retryable: false, title: 'This idempotency key was used for another request' },
  delta_refused: { status: 409, retryable: false, title: 'The delta was given up before it was committed' },
  // patches
  malformed_patch: { status: 422, retryable: false, title: 'The patch is not a valid patch document' },
  patch_failed: { status: 422, retryable: false, title: 'The patch cannot be applied to this version' },
  patch_test_failed: { status: 409, retryable: false, title: 'A test operation of the patch did not hold' },
  patch_not_applicable: {
    status: 422,
    retryable: false,
    title: 'This kind of patch does not fit the content type of the blob',
  },
  patch_too_large: { status: 422, retryable: false, title: 'Applying the patch would go over a limit' },
  // providers, jobs, cascades
  provider_not_found: { status: 404, retryable: false, title: 'There is no such provider' },
  provider_disabled: { status: 409, retryable: false, title: 'The provider is disabled' },
  provider_version_conflict: {
    status: 409,
    retryable: false,
    title: 'This provider version is registered with another manifest',
  },
  invalid_manifest: { status: 422, retryable: false, title: 'The provider manifest is not valid' },
  invalid_configuration: {
    status: 422,
    retryable: false,
    title: 'The configuration does not fit the schema of the provider',
  },
  input_not_supported: { status: 422, retryable: false, title: 'The provider does not take this input' },
  provider_refused: { status: 422, retryable: false, title: 'The provider refuses this input' },
  provider_failed: { status: 502, retryable: true, title: 'The provider failed' },
  job_not_found: { status: 404, retryable: false, title: 'There is no such job' },
  job_not_failed: { status: 409, retryable: false, title: 'Only a failed job can be tried again' },
  derivation_not_found: { status: 404, retryable: false, title: 'There is no such derivation' },
  derivation_conflict: {
    status: 409,
    retryable: false,
    title: 'A derivation with this identity has other inputs by now',
  },
  derivation_cycle: { status: 409, retryable: false, title: 'A blob would be derived from itself' },
  derivation_too_deep: {
    status: 422,
    retryable: false,
    title: 'The derivation would lie too many levels below its sources',
  },
  cascade_not_found: { status: 404, retryable: false, title: 'There is no such cascade' },
  cascade_ended: { status: 409, retryable: false, title: 'The cascade has ended' },
  budget_spent: { status: 409, retryable: false, title: 'The budget of the cascade, or of the day, is spent' },
  provenance_too_large: {
    status: 422,
    retryable: false,
    title: 'More versions went into this one than an answer holds',
  },
  verification_not_found: { status: 404, retryable: false, title: 'There is no such verification' },
  claim_lost: { status: 409, retryable: false, title: 'The claim is no longer held' },
  // the studio itself
  dependency_unavailable: { status: 503, retryable: true, title: 'A part of the studio does not answer' },
  timeout: { status: 504, retryable: true, title: 'A part of the studio did not answer in time' },
  internal_error: { status: 500, retryable: true, title: 'Something went wrong inside the studio' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** One wrong place in a request: an RFC 6901 pointer into the body (or the name of a header or parameter) and what is wrong there. */
export interface FieldError {
  pointer: string
  detail: string
}

/** RFC 9457 problem details, as they go over the wire. `code` is the stable one of the catalogue. */
export interface Problem {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  retryable: boolean
  errors?: FieldError[]
  [extension: string]: unknown
}

/** A fault that has a code of the catalogue. `detail` tells the caller what to do; `extensions` become members of the problem. */
export class StudioError extends Error {
  override readonly name = 'StudioError'
  readonly code: ErrorCode
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    detail?: string,
    options: { cause?: unknown; extensions?: Record<string, unknown> } = {},
  ) {
    super(detail ?? errorCatalogue[code].title, { cause: options.cause })
    this.code = code
    this.extensions = options.extensions ?? {}
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable
  }
}

/**
 * True for a StudioError (of the given code). Looks at the shape, never at the class: across Jest and Temporal realms
 * `instanceof` is false for the same class.
 */
export function isStudioError(error: unknown, code?: ErrorCode): error is StudioError {
  if (!(typeof error === 'object' && error !== null && 'code' in error && 'extensions' in error)) return false
  return typeof error.code === 'string' && error.code in errorCatalogue && (code === undefined || error.code === code)
}

/** The wire form of an error; whatever is not a StudioError becomes `internal_error` without its inner text. */
export function toProblem(error: unknown): Problem {
  const known = isStudioError(error)
    ? error
    : new StudioError('internal_error', 'Try again; if it stays, look at the log of the service under this trace id.')
  const { status, retryable, title } = errorCatalogue[known.code]
  return {
    type: `urn:studio:problem:${known.code}`,
    title,
    status,
    code: known.code,
    detail: known.message,
    retryable,
    ...known.extensions,
  }
}

/** The StudioError that a problem stands for, so that a caller behind HTTP sees what the callee threw. */
export function fromProblem(problem: Problem): StudioError {
  const { type: _type, title: _title, status: _status, code, detail, retryable: _retryable, ...extensions } = problem
  return new StudioError(code in errorCatalogue ? code : 'internal_error', detail, { extensions })
}
