import { noUsage, type Usage } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { request } from 'undici'
import { z } from 'zod'
import type { ModelEndpoint } from './contract.ts'

const tokens = z.int().min(0)
const Completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
  // Not every endpoint counts, and one that counts oddly has written the text all the same.
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
})

// Bytes are counted as they come, of the body itself: no encoding is accepted, so a small body can't unpack into a large one.
const largestAnswerBytes = 4 * 2 ** 20

/**
 * Asks the model to write the text out to about `targetWords` words; answers what it wrote after the text itself, so that the output contains
 * it, and what that took where the endpoint says so. Throws `provider_refused` where the endpoint says that the request is wrong; other errors may be tried again. Redirects are not followed.
 */
export async function expandByModel(
  endpoint: ModelEndpoint,
  text: string,
  targetWords: number,
  signal: AbortSignal,
): Promise<{ text: string; usage: Usage }> {
  const answer = await request(`${endpoint.url.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    signal,
    headers: {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      ...(endpoint.apiKey !== undefined && { authorization: `Bearer ${endpoint.apiKey}` }),
    },
    body: JSON.stringify({
      model: endpoint.model,
      temperature: 0,
      messages: [
        {
          role: 'system',
          content: `Expand on the user's text: explain and illustrate it in about ${targetWords} words of plain text. Add no preface.`,
        },
        { role: 'user', content: text },
      ],
    }),
  })
  const body = await readLimited(answer.body, signal)
  if (answer.statusCode !== 200) throw refusal(answer.statusCode)
  if (answer.headers['content-encoding'] !== undefined)
    throw new Error('the model answered in an encoding that was not asked for')
  const { choices, usage } = Completion.parse(JSON.parse(body))
  const written = choices[0]?.message.content.trim() ?? ''
  if (written === '') throw new Error('the model answered nothing')
  return {
    text: written.includes(text.trim()) ? `${written}\n` : `${text.trimEnd()}\n\n${written}\n`,
    usage: usage ? usageOf(usage.prompt_tokens + usage.completion_tokens, endpoint.costPer1kTokens) : noUsage,
  }
}

function usageOf(count: number, costPer1kTokens: number | undefined): Usage {
  return {
    tokens: count,
    cost_microdollars: costPer1kTokens === undefined ? null : Math.ceil((count * costPer1kTokens) / 1000),
  }
}

function refusal(status: number): Error {
  const again = status >= 500 || status === 408 || status === 429
  const what = `The model's endpoint answered ${status}.`
  return again
    ? new Error(what)
    : new StudioError('provider_refused', `${what} Check the URL, the model and the key that the worker is given.`)
}

async function readLimited(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    size += chunk.byteLength
    if (size > largestAnswerBytes)
      throw new StudioError('provider_refused', `The model's answer is larger than ${largestAnswerBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
