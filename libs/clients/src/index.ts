export { createClient, type CallOptions, type Client, type ClientOptions } from './client.ts'
export { contentOf, contentPurged, readLargeContent } from './contents.ts'
export type { RawAnswer, RawOptions } from './raw.ts'
