/** Answers of the upstream: OpenAI-shaped, sized like real traffic, the same every time. */

export const CHUNKS_PER_STREAM = 100
/** Bytes of a chunk as it stands on the wire, blank line included. */
const CHUNK_BYTES = 300
const WHOLE_BYTES = 1_400

/** What is said: ASCII prose without anything that JSON has to escape. */
const SENTENCE = 'A turnpike is a road that one may take after paying at the gate, and the gate keeps the books. '

const FACTS = { created: 1_790_000_000, model: 'default', system_fingerprint: 'fp_bench', service_tier: 'default' }
const USAGE = { prompt_tokens: 290, completion_tokens: CHUNKS_PER_STREAM, total_tokens: 290 + CHUNKS_PER_STREAM }

/** One chat completion of about 1.4 KB. */
export const WHOLE: Buffer = Buffer.from(
  padded(WHOLE_BYTES, (content) =>
    JSON.stringify({
      id: 'chatcmpl-bench-whole',
      object: 'chat.completion',
      ...FACTS,
      choices: [
        { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: USAGE,
    }),
  ),
)

/** One content chunk of about 300 bytes, as an event. */
export const CHUNK: Buffer = Buffer.from(
  padded(CHUNK_BYTES, (content) => event({ index: 0, delta: { content }, logprobs: null, finish_reason: null })),
)

/** What ends a stream: the reason, the usage and the end mark. */
export const ENDING: Buffer = Buffer.from(
  event({ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }) +
    `data: ${JSON.stringify({ ...chunkHead(), choices: [], usage: USAGE })}\n\ndata: [DONE]\n\n`,
)

function event(choice: object): string {
  return `data: ${JSON.stringify({ ...chunkHead(), choices: [choice] })}\n\n`
}

function chunkHead() {
  return { id: 'chatcmpl-bench-stream', object: 'chat.completion.chunk', ...FACTS }
}

/** Text with as much content in it as makes it `bytes` long. */
function padded(bytes: number, write: (content: string) => string): string {
  return write(prose(Math.max(1, bytes - write('').length)))
}

/** So many characters of it. */
export function prose(characters: number): string {
  return SENTENCE.repeat(Math.ceil(characters / SENTENCE.length)).slice(0, characters)
}
