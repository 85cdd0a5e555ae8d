import { Pool } from 'undici'

export interface Measured {
  /** Requests a second over the whole run. */
  rate: number
  /** Milliseconds. */
  p50: number
  p99: number
  errors: number
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH'
  path: string
  headers?: Record<string, string>
  body?: string
}

/** `writers` at once, each with its own connection and `each` requests one after another; what is not 2xx or 3xx is an error. */
export async function load(
  url: string,
  writers: number,
  each: number,
  call: (writer: number, turn: number) => Call,
  seen?: (answer: string) => void,
): Promise<Measured> {
  const pool = new Pool(url, { connections: writers, pipelining: 1, keepAliveTimeout: 60_000 })
  const times: number[] = []
  let errors = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let turn = 0; turn < each; turn++) {
        const { method, path, headers, body } = call(writer, turn)
        const start = performance.now()
        const response = await pool.request({ method, path, headers: headers ?? {}, body: body ?? null })
        const text = await response.body.text()
        times.push(performance.now() - start)
        if (response.statusCode >= 400) errors += 1
        else seen?.(text)
      }
    }),
  )
  const seconds = (performance.now() - began) / 1000
  await pool.close()
  return { rate: times.length / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99), errors }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)
