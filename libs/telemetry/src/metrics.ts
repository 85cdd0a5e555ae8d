import { Counter, Gauge, Histogram, collectDefaultMetrics, register } from 'prom-client'

/** Content type of `metricsText`. */
export const metricsContentType = register.contentType

let processMetricsStarted = false

/** All metrics of this process in Prometheus' text form. Process metrics join in at the first scrape: who is never asked pays nothing. */
export async function metricsText(): Promise<string> {
  if (!processMetricsStarted) {
    processMetricsStarted = true
    collectDefaultMetrics()
  }
  return register.metrics()
}

/** The counter of this name; made at the first call. */
export function counter<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Counter<Label> {
  return (
    (register.getSingleMetric(name) as Counter<Label> | undefined) ??
    new Counter({ name, help, labelNames: [...labelNames] })
  )
}

/** The gauge of this name; made at the first call. `collect` runs before each scrape. */
export function gauge<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
  collect?: (this: Gauge<Label>) => void,
): Gauge<Label> {
  return (
    (register.getSingleMetric(name) as Gauge<Label> | undefined) ??
    new Gauge({ name, help, labelNames: [...labelNames], ...(collect && { collect }) })
  )
}

/** Upper bounds in seconds that fit answers of a millisecond as well as provider runs of a minute. */
const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The histogram of this name, in seconds; made at the first call. */
export function histogram<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
  buckets: readonly number[] = defaultBuckets,
): Histogram<Label> {
  return (
    (register.getSingleMetric(name) as Histogram<Label> | undefined) ??
    new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets] })
  )
}
