import type { ChatRequest, Effort, Reasoning, ResponseFormat, Tool, ToolChoice } from '@turnpike/domain'
import { budgetOf, effortOf, thinksNot } from '../reasoning.ts'
import { encodeContents, encodeSystem } from './contents.ts'
import { geminiSchema } from './schema.ts'

/** The answer that an effort is a share of when the caller set no bound: the models' default. */
const ANSWER_TOKENS_DEFAULT = 65_536

/** The largest budget that every thinking model takes, and the smallest of those that cannot stop. */
const BUDGET_TOKENS_MAX = 24_576
const BUDGET_TOKENS_MIN = 128

/** The body of a generateContent request. Fields that are undefined vanish when it is written as JSON. */
export function encodeContent(request: ChatRequest, model: string): Record<string, unknown> {
  const { sampling, tools } = request
  return {
    contents: encodeContents(request.messages, generationOf(model) >= 3),
    systemInstruction: encodeSystem(request.messages),
    tools: tools.length > 0 ? [{ functionDeclarations: tools.map(encodeTool) }] : undefined,
    toolConfig: tools.length > 0 ? encodeToolChoice(request.toolChoice) : undefined,
    generationConfig: {
      maxOutputTokens: request.maxTokens,
      temperature: sampling.temperature,
      topP: sampling.topP,
      topK: sampling.topK,
      seed: sampling.seed,
      presencePenalty: sampling.presencePenalty,
      frequencyPenalty: sampling.frequencyPenalty,
      stopSequences: sampling.stop,
      ...encodeFormat(request.responseFormat),
      thinkingConfig: request.reasoning && encodeThinking(request.reasoning, model, request.maxTokens),
    },
  }
}

function encodeTool({ name, description, parameters }: Tool): Record<string, unknown> {
  return { name, description, parametersJsonSchema: parameters && geminiSchema(parameters) }
}

function encodeToolChoice(choice: ToolChoice | undefined): unknown {
  if (choice === undefined) return undefined
  if (typeof choice === 'object') {
    return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } }
  }
  return { functionCallingConfig: { mode: MODES[choice] } }
}

const MODES = { none: 'NONE', auto: 'AUTO', required: 'ANY' } as const

function encodeFormat(format: ResponseFormat | undefined): Record<string, unknown> {
  if (!format || format.kind === 'text') return {}
  if (format.kind === 'json') return { responseMimeType: 'application/json' }
  return { responseMimeType: 'application/json', responseJsonSchema: geminiSchema(format.schema) }
}

/** Up to 2.5 thinking is a budget in tokens, from 3 on a level; the later ones still take a requested budget. */
function encodeThinking(reasoning: Reasoning, model: string, maxTokens: number | undefined): Record<string, unknown> {
  const isPro = model.includes('pro')
  const includeThoughts = !reasoning.exclude && !thinksNot(reasoning)
  if (generationOf(model) >= 3 && !reasoning.maxTokens) {
    return { includeThoughts, thinkingLevel: levelOf(effortOf(reasoning, maxTokens), isPro) }
  }
  if (!reasoning.effort && !reasoning.maxTokens && !thinksNot(reasoning)) return { includeThoughts }
  const budget = Math.min(budgetOf(reasoning, maxTokens ?? ANSWER_TOKENS_DEFAULT), BUDGET_TOKENS_MAX)
  return { includeThoughts, thinkingBudget: isPro ? Math.max(budget, BUDGET_TOKENS_MIN) : budget }
}

/** The pro models cannot think less than a little. */
function levelOf(effort: Effort | undefined, isPro: boolean): string | undefined {
  switch (effort) {
    case undefined:
      return undefined
    case 'none':
    case 'minimal':
      return isPro ? 'low' : 'minimal'
    case 'low':
    case 'medium':
      return effort
    default:
      return 'high'
  }
}

/** `gemini-2.5-pro` → 2. One without a number is an alias of the newest; another family's model takes the oldest form. */
function generationOf(model: string): number {
  const number = /gemini-(\d{1,2})/.exec(model)?.[1]
  if (number !== undefined) return Number(number)
  return model.includes('gemini') ? 3 : 0
}
