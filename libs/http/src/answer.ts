import type { ServerResponse } from 'node:http'

/** Ends the response with a JSON body, in one write. */
export function answerJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  contentType = 'application/json',
): void {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
