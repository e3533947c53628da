import { prose } from './answers.ts'

/** The catalogue's name for the upstream. */
const MODEL = 'compatible/default'

const CHAT_BYTES = 1_200
const PROMPT_BYTES = 400_000

/** Requests: whole or streamed, at the usual size, and a whole answer to a very long prompt. */
export const BODIES = {
  chat: bodyOf(CHAT_BYTES, false),
  stream: bodyOf(CHAT_BYTES, true),
  prompt: bodyOf(PROMPT_BYTES, false),
} as const satisfies Record<string, string>

function bodyOf(bytes: number, stream: boolean): string {
  const write = (content: string) =>
    JSON.stringify({
      model: MODEL,
      messages: [
        { role: 'system', content: 'You answer in one paragraph.' },
        { role: 'user', content },
      ],
      temperature: 0.7,
      max_tokens: 400,
      stream,
    })
  return write(prose(bytes - write('').length))
}
