import { TOKENS_MAX } from '@turnpike/domain'
import { z } from 'zod'
import { anyObject, list, numbers } from '../../http/list.ts'
import { routingFields } from './routing.schema.ts'

/** More than any provider takes of each; a longer list is refused before its elements are looked at. */
const MESSAGES_MAX = 4_096
const PARTS_MAX = 2_048
const TOOL_CALLS_MAX = 256
const REASONING_DETAILS_MAX = 10_000
const TOOLS_MAX = 1_024
const BIASES_MAX = 1_024
/** As OpenAI has it. */
const STOPS_MAX = 4

/** The body of POST /chat/completions. Unknown fields are kept for providers of this dialect; null means absent. */
const text = z.looseObject({
  type: z.literal('text'),
  text: z.string(),
  cache_control: z.looseObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() }).nullish(),
})
const image = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({
    url: z.string().regex(/^(?:https?:\/\/|data:)/, 'must be an http, https or data URL'),
    detail: z.string().nullish(),
  }),
})
const audio = z.looseObject({
  type: z.literal('input_audio'),
  input_audio: z.looseObject({ data: z.string(), format: z.string() }),
})
const file = z.looseObject({
  type: z.literal('file'),
  file: z.looseObject({ file_data: z.string(), filename: z.string().nullish() }),
})
const refusal = z.looseObject({ type: z.literal('refusal'), refusal: z.string() })

const userPart = z.discriminatedUnion('type', [text, image, audio, file])
const name = z.string().max(256).nullish()

const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function').nullish(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})

const reasoningFormat = z
  .enum(['openai-responses-v1', 'anthropic-claude-v1', 'google-gemini-v1'])
  .catch('openai-responses-v1')
const reasoningDetail = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  summary: z.string().nullish(),
  data: z.string().nullish(),
  signature: z.string().nullish(),
  id: z.string().nullish(),
  index: z.number().int().nullish(),
  format: reasoningFormat.or(z.literal('unknown')).nullish(),
})

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['system', 'developer']), content: z.union([z.string(), list(text, PARTS_MAX)]), name }),
  z.looseObject({ role: z.literal('user'), content: z.union([z.string(), list(userPart, PARTS_MAX)]), name }),
  z.looseObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), list(z.discriminatedUnion('type', [text, refusal]), PARTS_MAX)]).nullish(),
    tool_calls: list(toolCall, TOOL_CALLS_MAX).nullish(),
    refusal: z.string().nullish(),
    reasoning: z.string().nullish(),
    reasoning_details: list(reasoningDetail, REASONING_DETAILS_MAX).nullish(),
    name,
  }),
  z.looseObject({
    role: z.literal('tool'),
    tool_call_id: z.string(),
    content: z.union([z.string(), list(z.discriminatedUnion('type', [text, image]), PARTS_MAX)]),
  }),
])

const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
const jsonObject = anyObject()

const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().min(1).max(128),
    description: z.string().nullish(),
    parameters: jsonObject.nullish(),
    strict: z.boolean().nullish(),
  }),
})

const responseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string().min(1).max(64),
      description: z.string().nullish(),
      strict: z.boolean().nullish(),
      schema: jsonObject.nullish(),
    }),
  }),
])

const answerTokens = z.number().int().min(1).max(TOKENS_MAX)
/** Providers keep it in 32 bits; no vocabulary is larger. */
const TOP_K_MAX = 2_147_483_647

/** Fields that shape the answer; shared by /chat/completions and /completions. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).max(TOP_K_MAX).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  top_a: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(2).nullish(),
  // An integer that JSON carries exactly: zod refuses any other.
  seed: z.number().int().nullish(),
  stop: z.union([z.string(), list(z.string(), STOPS_MAX)]).nullish(),
  logit_bias: numbers(BIASES_MAX, -100, 100).nullish(),
  max_tokens: answerTokens.nullish(),
  max_completion_tokens: answerTokens.nullish(),
  n: z.literal(1, 'must be 1: one answer per request is what we serve').nullish(),
  stream: z.boolean().nullish(),
  user: z.string().max(512).nullish(),
}

export const chatBody = z.looseObject({
  ...routingFields,
  ...samplingFields,
  messages: list(message, MESSAGES_MAX, { least: 1, tooFew: 'must hold at least one message' }),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  tools: list(tool, TOOLS_MAX).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormat.nullish(),
  reasoning: z
    .looseObject({
      effort: effort.nullish(),
      max_tokens: answerTokens.nullish(),
      exclude: z.boolean().nullish(),
      enabled: z.boolean().nullish(),
    })
    .nullish(),
  reasoning_effort: effort.nullish(),
  include_reasoning: z.boolean().nullish(),
})

export type ChatBody = z.infer<typeof chatBody>
export type ChatBodyMessage = z.infer<typeof message>
export type SamplingBody = Pick<ChatBody, keyof typeof samplingFields>
