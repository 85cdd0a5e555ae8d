/** A running exporter of traces, or nothing where no endpoint is set. */
export interface Telemetry {
  /** Sends what has not been sent yet; at most a few seconds. */
  shutdown(): Promise<void>
}

/**
 * Starts the OpenTelemetry SDK when an OTLP/HTTP endpoint is given (its base URL, as OTEL_EXPORTER_OTLP_ENDPOINT means it). The SDK is
 * loaded only then: it costs about 40 MB and 0.2 s. Spans are opened by hand at the shared seams, nothing is patched.
 */
export async function startTelemetry(options: { service: string; endpoint?: string | undefined }): Promise<Telemetry> {
  if (!options.endpoint) return { shutdown: () => Promise.resolve() }
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const sdk = new NodeSDK({
    serviceName: options.service,
    traceExporter: new OTLPTraceExporter({
      url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
      timeoutMillis: 3000,
    }),
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  return { shutdown: () => sdk.shutdown() }
}
