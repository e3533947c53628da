/** Provider dialects. No I/O, no retries, no state between calls. */
export type { Adapter, EmbeddingAnswer, EmbeddingsAdapter, StreamDecoder, UpstreamRequest } from './adapter.ts'
export { proofOf, type Proof } from './explain.ts'
export { adapterFor, adapterOf } from './registry.ts'
export { createSseReader, EVENT_CHARACTERS_MAX } from './sse.ts'
