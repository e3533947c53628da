import type { ChatRequest, ResponseFormat, Sampling, Tool, ToolChoice } from '@turnpike/domain'
import { structuredSchema } from './schema.ts'
import { planThinking, type ThinkingPlan } from './thinking.ts'
import { encodeSystem, encodeTurns } from './turns.ts'

/** The API demands a bound: this one fits an answer with thinking, and every served model can give it. */
const ANSWER_TOKENS_DEFAULT = 16_384

/** Fields that mean nothing in any other API, so a caller who sends one means this. */
const OWN_FIELDS = ['cache_control', 'container', 'context_management', 'inference_geo', 'mcp_servers', 'speed']

/** The body of a Messages request. Fields that are undefined vanish when it is written as JSON. */
export function encodeMessages(request: ChatRequest, model: string): Record<string, unknown> {
  const answerTokensMax = request.maxTokens ?? ANSWER_TOKENS_DEFAULT
  const plan = planThinking(request, model, answerTokensMax)
  const stop = request.sampling.stop?.filter((sequence) => sequence.trim() !== '')
  return {
    ...Object.fromEntries(OWN_FIELDS.map((field) => [field, request.extra[field]])),
    model,
    max_tokens: answerTokensMax,
    messages: encodeTurns(request.messages),
    system: encodeSystem(request),
    stream: request.stream,
    ...(plan.takesSampling && encodeSampling(request.sampling)),
    stop_sequences: stop?.length ? stop : undefined,
    tools: request.tools.length > 0 ? request.tools.map(encodeTool) : undefined,
    tool_choice: request.tools.length > 0 ? encodeToolChoice(request.toolChoice, request.parallelToolCalls) : undefined,
    thinking: plan.thinking,
    output_config: encodeOutput(request.responseFormat, plan),
    metadata: request.user === undefined ? undefined : { user_id: request.user },
  }
}

/** The scale ends at 1 here, and temperature with `top_p` is refused: the more common one is kept. */
function encodeSampling({ temperature, topP, topK }: Sampling): Record<string, unknown> {
  return temperature === undefined
    ? { top_p: topP, top_k: topK }
    : { temperature: Math.min(temperature, 1), top_k: topK }
}

function encodeTool({ name, description, parameters, strict }: Tool): Record<string, unknown> {
  return { name, description, input_schema: { type: 'object', ...parameters }, strict: strict ? true : undefined }
}

function encodeToolChoice(choice: ToolChoice | undefined, parallel: boolean | undefined): unknown {
  if (choice === 'none') return { type: 'none' }
  const single = parallel === false ? { disable_parallel_tool_use: true } : undefined
  if (typeof choice === 'object') return { type: 'tool', name: choice.name, ...single }
  if (choice === 'required') return { type: 'any', ...single }
  return choice === 'auto' || single ? { type: 'auto', ...single } : undefined
}

/** The API keeps schemas itself: no forced tool, which newer models refuse. */
function encodeOutput(format: ResponseFormat | undefined, { effort }: ThinkingPlan): unknown {
  const schema = format?.kind === 'json_schema' ? structuredSchema(format.schema) : undefined
  if (!schema && !effort) return undefined
  return { effort, format: schema && { type: 'json_schema', schema } }
}
