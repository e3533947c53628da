import { invalid, type Route } from '../dialect.ts'
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from '../json.ts'
import { ANSWER_TOKENS_MAX, type Format, type Prompt, type Tool, type Turn } from '../prompt.ts'

/** Reads a body of `POST /v1/chat/completions`. @throws Complaint as OpenAI would refuse it. */
export function readChat(body: Fields, _route: Route): Prompt {
  const model = textOf(body['model'])
  if (model === '') throw invalid('you must provide a model parameter')
  if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
    throw invalid("Missing required parameter: 'messages'.", 'messages')
  }
  const messages = body['messages'].map(fieldsOf)
  checkToolTurns(messages)
  const effort = textOf(body['reasoning_effort']) || textOf(fieldsOf(body['reasoning'])['effort'])
  return {
    model,
    stream: body['stream'] === true,
    turns: messages.map(readMessage),
    ...readTools(body),
    parallelCalls: body['parallel_tool_calls'] !== false,
    speaksBeforeCalls: false,
    refusesInWords: true,
    format: readFormat(fieldsOf(body['response_format'])),
    stop: typeof body['stop'] === 'string' ? [body['stop']] : listOf(body['stop']).map(textOf),
    tokensMax: readTokensMax(body),
    thinks: effort === '' ? model.includes('reason') : effort !== 'none',
    showsThoughts: true,
    caches: true,
    usageInStream: fieldsOf(body['stream_options'])['include_usage'] === true,
  }
}

const ROLES: Readonly<Record<string, Turn['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
}

function readMessage(message: Fields, at: number): Turn {
  const role = ROLES[textOf(message['role'])]
  if (role === undefined) {
    throw invalid(
      `Invalid value: '${textOf(message['role'])}'. Supported values are: ${Object.keys(ROLES).join(', ')}.`,
      `messages[${at}].role`,
    )
  }
  const { content } = message
  const calls = Array.isArray(message['tool_calls']) ? JSON.stringify(message['tool_calls']) : ''
  if (typeof content === 'string') return { role, text: content + calls, images: 0 }
  if (role === 'user' && !Array.isArray(content)) {
    throw invalid(
      `Invalid type for 'messages[${at}].content': expected one of a string or array of objects.`,
      `messages[${at}].content`,
    )
  }
  const parts = listOf(content).map(fieldsOf)
  const images = parts.filter((part) => part['type'] === 'image_url')
  for (const image of images) checkImage(fieldsOf(image['image_url']), at)
  const text = parts.map((part) => textOf(part['text']) || textOf(part['refusal'])).join('\n') + calls
  return { role, text, images: images.length }
}

function checkImage(image: Fields, at: number): void {
  if (/^(?:https?:\/\/|data:image\/)/.test(textOf(image['url']))) return
  throw invalid('Invalid image URL. Expected an http(s) address or a data URL of an image.', `messages[${at}].content`)
}

/** Every tool call must be answered, each by its id, before anyone speaks again. */
function checkToolTurns(messages: readonly Fields[]): void {
  let open = new Set<string>()
  for (const [at, message] of messages.entries()) {
    if (message['role'] === 'tool') {
      if (!open.delete(textOf(message['tool_call_id']))) {
        throw invalid(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${at}].role`,
        )
      }
      continue
    }
    if (open.size > 0) break
    open = new Set(listOf(message['tool_calls']).map((call) => textOf(fieldsOf(call)['id'])))
  }
  if (open.size === 0) return
  throw invalid(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
    'messages',
  )
}

/** A choice needs tools to choose from, and a named one must be among them. */
function readTools(body: Fields): Pick<Prompt, 'tools' | 'toolChoice'> {
  const tools = listOf(body['tools']).map(readTool)
  const choice = body['tool_choice'] ?? undefined
  if (choice !== undefined && tools.length === 0) {
    throw invalid(
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      'tool_choice',
    )
  }
  if (choice === 'none' || choice === 'required') return { tools, toolChoice: choice }
  if (!isFields(choice)) return { tools, toolChoice: 'auto' }
  const name = textOf(fieldsOf(choice['function'])['name'])
  if (tools.some((tool) => tool.name === name)) return { tools, toolChoice: { name } }
  throw invalid(`Invalid value for 'tool_choice': tool '${name}' not found in 'tools' parameter.`, 'tool_choice')
}

function readTool(tool: unknown, at: number): Tool {
  const made = fieldsOf(fieldsOf(tool)['function'])
  const name = textOf(made['name'])
  if (name === '')
    throw invalid(`Missing required parameter: 'tools[${at}].function.name'.`, `tools[${at}].function.name`)
  return { name, schema: fieldsOf(made['parameters']) }
}

function readFormat(format: Fields): Format {
  if (format['type'] === 'json_object') return { kind: 'json' }
  if (format['type'] !== 'json_schema') return { kind: 'text' }
  const { schema } = fieldsOf(format['json_schema'])
  if (!isFields(schema))
    throw invalid(
      "Missing required parameter: 'response_format.json_schema.schema'.",
      'response_format.json_schema.schema',
    )
  return { kind: 'schema', schema }
}

function readTokensMax(body: Fields): number {
  const asked = body['max_completion_tokens'] ?? body['max_tokens']
  if (asked === undefined || asked === null) return ANSWER_TOKENS_MAX
  const tokens = numberOf(asked)
  if (tokens === undefined || tokens < 1) {
    throw invalid(
      `Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got ${JSON.stringify(asked)} instead.`,
      'max_tokens',
    )
  }
  return Math.min(tokens, ANSWER_TOKENS_MAX)
}
