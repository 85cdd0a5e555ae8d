export { currentContext, currentTraceparent, withContext, type LogContext } from './context.ts'
export { createLogger, type Logger } from './logger.ts'
export { counter, gauge, histogram, metricsContentType, metricsText } from './metrics.ts'
export { span, startSpan, type OpenSpan, type SpanOptions } from './span.ts'
export {
  blobCreationDuration,
  cacheHitRate,
  dagDepth,
  deltaApplicationDuration,
  providerProcessingDuration,
} from './studio-metrics.ts'
export { startTelemetry, type Telemetry } from './start-telemetry.ts'
export { formatTraceparent, newTraceparent, parseTraceparent, type TraceContext } from './traceparent.ts'
