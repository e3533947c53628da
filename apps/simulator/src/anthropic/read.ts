import { type Complaint, invalid, type Route } from '../dialect.ts'
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf, textsOf } from '../json.ts'
import { ANSWER_TOKENS_MAX, type Prompt, type Tool, type ToolChoice, type Turn } from '../prompt.ts'
import { checkToolTurns, checkThinking } from './check.ts'

/** Reads a body of `POST /v1/messages`. @throws Complaint as Anthropic would refuse it. */
export function readMessages(body: Fields, route: Route): Prompt {
  const model = textOf(body['model'])
  if (model === '') throw required('model')
  if (!Array.isArray(body['messages'])) throw required('messages')
  if (body['messages'].length === 0) throw invalid('messages: at least one message is required')
  const messages = body['messages'].map(fieldsOf)
  const thinking = fieldsOf(body['thinking'])
  const budgeted = thinking['type'] === 'enabled'
  const asked = budgeted || thinking['type'] === 'adaptive'
  const choice = fieldsOf(body['tool_choice'])
  const tools = listOf(body['tools']).map(readTool)
  checkToolTurns(messages)
  checkThinking(messages, budgeted)
  return {
    model,
    stream: body['stream'] === true,
    turns: [...readSystem(body['system']), ...messages.map(readMessage)],
    tools,
    toolChoice: readToolChoice(choice, tools, budgeted),
    parallelCalls: choice['disable_parallel_tool_use'] !== true,
    speaksBeforeCalls: choice['type'] !== 'any' && choice['type'] !== 'tool',
    refusesInWords: true,
    format: readFormat(fieldsOf(fieldsOf(body['output_config'])['format'])),
    stop: listOf(body['stop_sequences']).map(textOf),
    tokensMax: route.kind === 'count' ? ANSWER_TOKENS_MAX : readTokensMax(body, thinking),
    thinks: asked || (model.includes('reason') && thinking['type'] !== 'disabled'),
    showsThoughts: thinking['display'] !== 'omitted',
    caches: JSON.stringify([body['cache_control'], body['system'], body['tools'], body['messages']]).includes(
      '"cache_control":{',
    ),
    usageInStream: true,
  }
}

function required(field: string): Complaint {
  return invalid(`${field}: Field required`)
}

function readSystem(system: unknown): Turn[] {
  const text = typeof system === 'string' ? system : textsOf(system)
  return text === '' ? [] : [{ role: 'system', text, images: 0 }]
}

function readMessage(message: Fields, at: number): Turn {
  const role = message['role']
  if (role !== 'user' && role !== 'assistant') {
    throw invalid(`messages.${at}.role: Input should be 'user' or 'assistant'`)
  }
  if (typeof message['content'] === 'string') return { role, text: message['content'], images: 0 }
  const parts = listOf(message['content']).map(fieldsOf)
  if (parts.length === 0) throw invalid(`messages.${at}.content: Field required`)
  const results = parts.filter((part) => part['type'] === 'tool_result')
  const images = parts.filter((part) => part['type'] === 'image')
  for (const image of images) checkImage(fieldsOf(image['source']), at)
  return { role: results.length > 0 ? 'tool' : role, text: parts.map(readPart).join('\n'), images: images.length }
}

function readPart(part: Fields): string {
  switch (part['type']) {
    case 'text':
      return textOf(part['text'])
    case 'thinking':
      return textOf(part['thinking'])
    case 'tool_use':
      return JSON.stringify([part['name'], part['input']])
    case 'tool_result':
      return typeof part['content'] === 'string' ? part['content'] : textsOf(part['content'])
    default:
      return ''
  }
}

function checkImage(source: Fields, at: number): void {
  const isPicture = /^image\/(?:jpeg|png|gif|webp)$/.test(textOf(source['media_type']))
  if (source['type'] === 'url' && /^https?:\/\//.test(textOf(source['url']))) return
  if (source['type'] === 'base64' && textOf(source['data']) !== '' && isPicture) return
  throw invalid(`messages.${at}.content: Input image source is not valid`)
}

function readTool(tool: unknown, at: number): Tool {
  const { name, input_schema: schema } = fieldsOf(tool)
  if (typeof name !== 'string' || !isFields(schema))
    throw required(`tools.${at}.custom.${typeof name === 'string' ? 'input_schema' : 'name'}`)
  return { name, schema }
}

/** A named tool must be among those given, and a model that thinks within a budget cannot be forced to call. */
function readToolChoice(choice: Fields, tools: readonly Tool[], budgeted: boolean): ToolChoice {
  const { type, name } = choice
  if (type === undefined || type === 'auto') return 'auto'
  if (tools.length === 0) throw invalid('tool_choice: tool_choice may only be specified while providing tools.')
  if (type === 'none') return 'none'
  if (budgeted) throw invalid('Thinking may not be enabled when tool_choice forces tool use.')
  if (type === 'any') return 'required'
  if (tools.some((tool) => tool.name === name)) return { name: textOf(name) }
  throw invalid(`tool_choice: Tool '${textOf(name)}' not found in provided tools`)
}

function readFormat(format: Fields): Prompt['format'] {
  return format['type'] === 'json_schema' && isFields(format['schema'])
    ? { kind: 'schema', schema: format['schema'] }
    : { kind: 'text' }
}

/** The smallest thinking budget that the API accepts. */
const BUDGET_TOKENS_MIN = 1024

function readTokensMax(body: Fields, thinking: Fields): number {
  const tokens = numberOf(body['max_tokens'])
  if (tokens === undefined) throw required('max_tokens')
  if (tokens < 1) throw invalid('max_tokens: Input should be greater than or equal to 1')
  if (thinking['type'] === 'enabled') {
    const budget = numberOf(thinking['budget_tokens'])
    if (budget === undefined) throw required('thinking.enabled.budget_tokens')
    if (budget < BUDGET_TOKENS_MIN)
      throw invalid(`thinking.enabled.budget_tokens: Input should be greater than or equal to ${BUDGET_TOKENS_MIN}`)
    if (budget >= tokens) throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.')
  }
  return Math.min(tokens, ANSWER_TOKENS_MAX)
}
