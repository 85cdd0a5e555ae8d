import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostOfTests } from '@studio/testing'

/** What 1,000 tokens cost, in millionths of a dollar. */
export const pricePer1kTokens = 3000

/** A language model, as the text-expander asks one, that takes 50 tokens for everything, while it works. */
export interface LanguageModel {
  works: boolean
  /** The settings of a studio whose text-expander asks it. */
  readonly env: Readonly<Record<string, string>>
  close(): void
}

export async function startLanguageModel(): Promise<LanguageModel> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.statusCode = model.works ? 200 : 400
      response.end(
        JSON.stringify({
          choices: [{ message: { content: 'Written at length.' } }],
          usage: { prompt_tokens: 30, completion_tokens: 20 },
        }),
      )
    })
  })
  await new Promise<void>((ready) => server.listen(0, ready))
  const model: LanguageModel = {
    works: true,
    env: {
      STUDIO_EXPANDER_URL: `http://${hostOfTests()}:${(server.address() as AddressInfo).port}/v1`,
      STUDIO_EXPANDER_MODEL: 'some-model',
      STUDIO_EXPANDER_COST_PER_1K_TOKENS: String(pricePer1kTokens),
    },
    close: () => void server.close(),
  }
  return model
}
