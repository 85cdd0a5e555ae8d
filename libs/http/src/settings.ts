import type { Express } from 'express'

/** What routes need to know of the app that they hang on. */
export interface Settings {
  readonly internalToken: string | undefined
  readonly bodyLimitBytes: number
}

const settings = new WeakMap<Express, Settings>()

export function keepSettings(app: Express, of: Settings): void {
  settings.set(app, of)
}

export function settingsOf(app: Express): Settings {
  const found = settings.get(app)
  if (found === undefined) throw new TypeError('routes are served by an app of createApp')
  return found
}
