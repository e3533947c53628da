import { invalid, type Route } from '../dialect.ts'
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf, textsOf } from '../json.ts'
import { ANSWER_TOKENS_MAX, type Format, type Prompt, type Tool, type ToolChoice, type Turn } from '../prompt.ts'
import { checkProtoSchema } from './proto.ts'
import { checkCallTurns, checkSignatures } from './check.ts'

/** Reads a body of `:generateContent` and its kin. @throws Complaint as Gemini would refuse it. */
export function readContents(body: Fields, route: Route): Prompt {
  if (route.kind === 'count' && isFields(body['generateContentRequest']))
    return readContents(body['generateContentRequest'], route)
  const model = route.model ?? ''
  if (listOf(body['contents']).length === 0) {
    throw invalid('* GenerateContentRequest.contents: contents is not specified\n', 'contents')
  }
  const contents = listOf(body['contents']).map(fieldsOf)
  const config = fieldsOf(body['generationConfig'] ?? body['generation_config'])
  const thinking = fieldsOf(config['thinkingConfig'])
  const thinks = readThinking(model, thinking)
  const tools = listOf(body['tools'])
    .flatMap((tool) => listOf(fieldsOf(tool)['functionDeclarations']))
    .map(readTool)
  checkCallTurns(contents)
  checkSignatures(contents, thinks && !GENERATIONS_WITHOUT.test(model))
  return {
    model,
    stream: route.stream === true,
    turns: [...readSystem(body['systemInstruction'] ?? body['system_instruction']), ...contents.map(readContent)],
    ...chosen(tools, fieldsOf(fieldsOf(body['toolConfig'])['functionCallingConfig'])),
    parallelCalls: true,
    speaksBeforeCalls: false,
    refusesInWords: false,
    format: readFormat(config),
    stop: listOf(config['stopSequences']).map(textOf),
    tokensMax: readTokensMax(config),
    thinks,
    showsThoughts: thinking['includeThoughts'] === true,
    caches: true,
    usageInStream: true,
  }
}

/** The generations of Gemini that take a call back without the thoughts that led to it. */
const GENERATIONS_WITHOUT = /gemini-[12]\b/

function readThinking(model: string, thinking: Fields): boolean {
  if (thinking['thinkingBudget'] === 0) return false
  const asked =
    thinking['includeThoughts'] === true ||
    numberOf(thinking['thinkingBudget']) !== undefined ||
    textOf(thinking['thinkingLevel']) !== ''
  return asked || model.includes('reason')
}

function readSystem(system: unknown): Turn[] {
  const text = textsOf(fieldsOf(system)['parts'])
  return text === '' ? [] : [{ role: 'system', text, images: 0 }]
}

function readContent(content: Fields, at: number): Turn {
  const role = content['role'] ?? 'user'
  if (role !== 'user' && role !== 'model' && role !== 'function') throw invalid('Please use a valid role: user, model.')
  const parts = listOf(content['parts']).map(fieldsOf)
  if (parts.length === 0) {
    throw invalid(
      `* GenerateContentRequest.contents[${at}].parts: contents.parts must not be empty.\n`,
      `contents[${at}].parts`,
    )
  }
  const images = parts.filter((part) => 'inlineData' in part || 'inline_data' in part || 'fileData' in part).length
  const answers = parts.some((part) => 'functionResponse' in part)
  return {
    role: answers ? 'tool' : role === 'model' ? 'assistant' : 'user',
    text: parts.map(readPart).join('\n'),
    images,
  }
}

function readPart(part: Fields): string {
  if (isFields(part['functionCall']))
    return JSON.stringify([part['functionCall']['name'], part['functionCall']['args']])
  if (isFields(part['functionResponse'])) return JSON.stringify(part['functionResponse']['response'])
  return textOf(part['text'])
}

function readTool(tool: unknown, at: number): Tool {
  const { name, parameters, parametersJsonSchema } = fieldsOf(tool)
  if (typeof name !== 'string' || !/^[a-zA-Z_][\w.:-]{0,127}$/.test(name)) {
    throw invalid(
      'Invalid function name. Must start with a letter or an underscore.',
      'tools[0].function_declarations[0].name',
    )
  }
  if (isFields(parametersJsonSchema)) return { name, schema: parametersJsonSchema }
  checkProtoSchema(fieldsOf(parameters), `tools[0].function_declarations[${at}].parameters`)
  return { name, schema: fieldsOf(parameters) }
}

/** `ANY` demands a call; with one allowed name it demands that one, with several it narrows the tools. */
function chosen(tools: Tool[], config: Fields): { tools: Tool[]; toolChoice: ToolChoice } {
  const mode = textOf(config['mode']).toUpperCase()
  if (mode === 'NONE') return { tools, toolChoice: 'none' }
  if (mode !== 'ANY') return { tools, toolChoice: 'auto' }
  const names = listOf(config['allowedFunctionNames']).map(textOf)
  const [only] = names
  if (names.length === 1 && only !== undefined) return { tools, toolChoice: { name: only } }
  return {
    tools: names.length === 0 ? tools : tools.filter((tool) => names.includes(tool.name)),
    toolChoice: 'required',
  }
}

function readFormat(config: Fields): Format {
  if (config['responseMimeType'] !== 'application/json') return { kind: 'text' }
  if (isFields(config['responseJsonSchema'])) return { kind: 'schema', schema: config['responseJsonSchema'] }
  if (!isFields(config['responseSchema'])) return { kind: 'json' }
  checkProtoSchema(config['responseSchema'], 'generation_config.response_schema')
  return { kind: 'schema', schema: config['responseSchema'] }
}

function readTokensMax(config: Fields): number {
  const tokens = config['maxOutputTokens']
  if (tokens === undefined) return ANSWER_TOKENS_MAX
  if (typeof tokens !== 'number' || tokens < 1) {
    throw invalid(
      `Unable to submit request because it has a maxOutputTokens value of ${JSON.stringify(tokens)} but the supported range is from 1 (inclusive).`,
      'generation_config.max_output_tokens',
    )
  }
  return Math.min(tokens, ANSWER_TOKENS_MAX)
}
