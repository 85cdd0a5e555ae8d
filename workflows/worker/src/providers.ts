import type { Provider } from '@studio/provider-kit'
import { compare } from '@studio/workflow-compare'
import { grammarChecker } from '@studio/workflow-grammar-checker'
import { report } from '@studio/workflow-report'
import { summariser } from '@studio/workflow-summariser'
import { textExpander, type ModelEndpoint } from '@studio/workflow-text-expander'
import type { Config } from './config.ts'

/** The providers that the studio's own worker hosts: a new one is a line here and one in workflows.ts. */
export function createProviders(config: Config): Provider[] {
  return [textExpander(endpointOf(config)), grammarChecker, summariser, compare, report]
}

function endpointOf({
  STUDIO_EXPANDER_URL: url,
  STUDIO_EXPANDER_MODEL: model,
  STUDIO_EXPANDER_API_KEY: apiKey,
  STUDIO_EXPANDER_COST_PER_1K_TOKENS: costPer1kTokens,
}: Config): ModelEndpoint | undefined {
  return url === undefined ? undefined : { url, model: model ?? 'default', apiKey, costPer1kTokens }
}
