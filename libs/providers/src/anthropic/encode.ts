import type { ChatRequest, ResponseFormat, Tool, ToolChoice } from '@turnpike/domain'
import { structuredSchema } from './schema.ts'
import { planThinking, type ThinkingPlan } from './thinking.ts'
import { encodeSystem, encodeTurns } from './turns.ts'
import type { MessagesBody, OutputConfig, ToolBlock, ToolChoiceBlock } from './wire.ts'

/** The API demands a bound. This one lets an answer with thinking come to its end and is below what any served model can give. */
const ANSWER_TOKENS_DEFAULT = 16_384

/** Fields of this API that mean nothing in any other, so a caller who sends one means this. Others stay behind. */
const OWN_FIELDS = ['cache_control', 'container', 'context_management', 'inference_geo', 'mcp_servers', 'speed']

/** The body of a Messages request. Fields that are undefined vanish when it is written as JSON. */
export function encodeMessages(request: ChatRequest, model: string): MessagesBody {
  const { sampling } = request
  const answerTokensMax = request.maxTokens ?? ANSWER_TOKENS_DEFAULT
  const plan = planThinking(request, model, answerTokensMax)
  const stop = sampling.stop?.filter((sequence) => sequence.trim() !== '')
  return {
    ...ownFields(request.extra),
    model,
    max_tokens: answerTokensMax,
    messages: encodeTurns(request.messages),
    system: encodeSystem(request),
    stream: request.stream,
    ...encodeSampling(request, plan),
    stop_sequences: stop?.length ? stop : undefined,
    tools: request.tools.length > 0 ? request.tools.map(encodeTool) : undefined,
    tool_choice: request.tools.length > 0 ? encodeToolChoice(request.toolChoice, request.parallelToolCalls) : undefined,
    thinking: plan.thinking,
    output_config: encodeOutput(request.responseFormat, plan),
    metadata: request.user === undefined ? undefined : { user_id: request.user },
  }
}

function ownFields(extra: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own: Record<string, unknown> = {}
  for (const field of OWN_FIELDS) if (extra[field] !== undefined) own[field] = extra[field]
  return own
}

/** The scale ends at 1 here, and temperature with `top_p` is refused: the more common one is kept. */
function encodeSampling({ sampling }: ChatRequest, { takesSampling }: ThinkingPlan) {
  if (!takesSampling) return { temperature: undefined, top_p: undefined, top_k: undefined }
  const { temperature, topP, topK } = sampling
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: temperature === undefined ? topP : undefined,
    top_k: topK,
  }
}

function encodeTool({ name, description, parameters, strict }: Tool): ToolBlock {
  return { name, description, input_schema: { type: 'object', ...parameters }, strict: strict ? true : undefined }
}

function encodeToolChoice(choice: ToolChoice | undefined, parallel: boolean | undefined): ToolChoiceBlock | undefined {
  if (choice === 'none') return { type: 'none' }
  const single = parallel === false ? ({ disable_parallel_tool_use: true } as const) : undefined
  if (typeof choice === 'object') return { type: 'tool', name: choice.name, ...single }
  if (choice === 'required') return { type: 'any', ...single }
  return choice === 'auto' || single ? { type: 'auto', ...single } : undefined
}

/** Schemas are kept by the API itself, as text of the answer: no forced tool, which newer models refuse. */
function encodeOutput(format: ResponseFormat | undefined, { effort }: ThinkingPlan): OutputConfig | undefined {
  const schema = format?.kind === 'json_schema' ? structuredSchema(format.schema) : undefined
  if (!schema && !effort) return undefined
  return { effort, format: schema && { type: 'json_schema', schema } }
}
