import { z } from 'zod'
import { routingFields } from './routing.schema.ts'

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
  z.looseObject({ role: z.enum(['system', 'developer']), content: z.union([z.string(), z.array(text)]), name }),
  z.looseObject({ role: z.literal('user'), content: z.union([z.string(), z.array(userPart)]), name }),
  z.looseObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [text, refusal]))]).nullish(),
    tool_calls: z.array(toolCall).nullish(),
    refusal: z.string().nullish(),
    reasoning: z.string().nullish(),
    reasoning_details: z.array(reasoningDetail).nullish(),
    name,
  }),
  z.looseObject({
    role: z.literal('tool'),
    tool_call_id: z.string(),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [text, image]))]),
  }),
])

const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
const jsonObject = z.record(z.string(), z.unknown())

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

/** Fields that shape the answer; shared by /chat/completions and /completions. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  top_a: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(2).nullish(),
  seed: z.number().int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  logit_bias: z.record(z.string(), z.number().min(-100).max(100)).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
  n: z.literal(1, 'must be 1: one answer per request is what we serve').nullish(),
  stream: z.boolean().nullish(),
  user: z.string().max(512).nullish(),
}

export const chatBody = z.looseObject({
  ...routingFields,
  ...samplingFields,
  messages: z.array(message).min(1, 'must hold at least one message'),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  tools: z.array(tool).nullish(),
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
      max_tokens: z.number().int().min(1).nullish(),
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
