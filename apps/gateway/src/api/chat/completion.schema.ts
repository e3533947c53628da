import type { ChatRequest } from '@turnpike/domain'
import { z } from 'zod'
import { list } from '../../http/list.ts'
import { samplingFields } from '../inference/chat.schema.ts'
import { present, samplingOf } from '../inference/chat-request.ts'
import { routingFields } from '../inference/routing.schema.ts'

const ONE_TEXT = 'must be one text: several prompts in one request are not served'

/** The body of POST /completions: one text prompt, continued. */
export const completionBody = z.looseObject({
  ...routingFields,
  ...samplingFields,
  prompt: z.union([z.string(), list(z.string(), 1, { least: 1, tooFew: ONE_TEXT, tooMany: ONE_TEXT })]),
  logprobs: z.null('is not served on this route; use /chat/completions').optional(),
})

/** What a preset may fill: no messages. */
export const PRESET_FIELDS: ReadonlySet<string> = new Set(Object.keys({ ...routingFields, ...samplingFields }))

/** A text prompt as the chat it becomes: one user message. */
export function completionRequestOf(body: z.infer<typeof completionBody>): ChatRequest {
  const text = typeof body.prompt === 'string' ? body.prompt : (body.prompt[0] ?? '')
  return {
    messages: [{ role: 'user', content: [{ kind: 'text', text }] }],
    stream: body.stream === true,
    sampling: samplingOf(body),
    tools: [],
    extra: {},
    ...present({ maxTokens: body.max_completion_tokens ?? body.max_tokens, user: body.user }),
  }
}
