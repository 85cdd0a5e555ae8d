import { StudioError } from '@studio/kernel'
import type { Api } from '@studio/contracts'
import type { Express, NextFunction, Request, Response } from 'express'
import type { z } from 'zod'
import { answerJson } from './answer.ts'
import { parseInternalJson, readBody } from './body.ts'
import { internalTokenCheck } from './internal-token.ts'
import { settingsOf } from './settings.ts'
import { validate } from './validate.ts'

/** What a handler can know of the call beside its request. */
export interface CallContext {
  /** Aborts when the caller hangs up before the answer: for requests that wait. */
  readonly signal: AbortSignal
}

/** One function a route of the api: validated request in, answer out; throws StudioErrors. */
export type Handlers<Routes extends Api> = {
  readonly [Name in keyof Routes]: (
    request: z.output<Routes[Name]['request']>,
    call: CallContext,
  ) => Promise<z.input<Routes[Name]['response']>>
}

/**
 * Serves all routes of an api: POST with the internal token, JSON in (validated by the contract) and out. They are looked up by
 * their whole path in one table, since they are the hot path between the services.
 */
export function serveRoutes<Routes extends Api>(app: Express, api: Routes, handlers: Handlers<Routes>): void {
  const { internalToken, bodyLimitBytes } = settingsOf(app)
  if (internalToken === undefined) throw new TypeError('createApp needs internalToken where internal routes are served')
  const authenticate = internalTokenCheck(internalToken)
  const table = new Map(
    Object.entries(api).map(([name, route]) => [
      route.path,
      { route, handle: handlers[name] as Handlers<Api>[string] },
    ]),
  )

  const dispatch = (request: Request, response: Response, next: NextFunction): void => {
    const entry = request.method === 'POST' ? table.get(request.url) : undefined
    if (entry === undefined) return next()
    response.locals['route'] = entry.route.path
    const answer = async (): Promise<void> => {
      authenticate(request)
      const body = parseInternalJson(await readBody(request, bodyLimitBytes))
      const result = await entry.handle(validate(entry.route.request, body), callContext(response))
      if (response.destroyed) return
      answerJson(response, 200, result)
    }
    answer().catch(next)
  }
  app.use(Object.assign(dispatch, { internalPaths: new Set(table.keys()) }))
}

// Few handlers ask for the signal, so it is made when one does.
function callContext(response: Response): CallContext {
  let controller: AbortController | undefined
  return {
    get signal() {
      if (controller === undefined) {
        const made = (controller = new AbortController())
        const hangUp = (): void => {
          if (!response.writableFinished) made.abort(new StudioError('timeout', 'The caller hung up.'))
        }
        if (response.destroyed) hangUp()
        else response.once('close', hangUp)
      }
      return controller.signal
    },
  }
}
