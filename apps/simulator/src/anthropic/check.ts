import { type Complaint, invalid } from '../dialect.ts'
import { type Fields, fieldsOf, listOf, textOf } from '../json.ts'
import { isSeal, seal } from '../seal.ts'

/** Every `tool_use` must be answered in the very next message, and nothing else may be answered. */
export function checkToolTurns(messages: readonly Fields[]): void {
  let open = new Set<string>()
  for (const [at, message] of messages.entries()) {
    const parts = partsOf(message)
    for (const result of parts.filter((part) => part['type'] === 'tool_result')) {
      const id = textOf(result['tool_use_id'])
      if (open.delete(id)) continue
      throw invalid(
        `messages.${at}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      )
    }
    if (open.size > 0) throw unanswered(at - 1, open)
    open = new Set(parts.filter((part) => part['type'] === 'tool_use').map((part) => textOf(part['id'])))
  }
  if (open.size > 0) throw unanswered(messages.length - 1, open)
}

function unanswered(at: number, ids: ReadonlySet<string>): Complaint {
  return invalid(
    `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...ids].join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  )
}

/** Thoughts come back exactly as given out, with their seal. @param budgeted a thinking budget was set */
export function checkThinking(messages: readonly Fields[], budgeted: boolean): void {
  for (const [at, message] of messages.entries()) {
    const parts = partsOf(message)
    for (const [index, part] of parts.entries()) {
      if (part['type'] !== 'thinking') continue
      const [text, mark] = [textOf(part['thinking']), textOf(part['signature'])]
      if (text === '' ? isSeal(mark) : seal(text) === mark) continue
      throw invalid(`messages.${at}.content.${index}: Invalid \`signature\` in \`thinking\` block`)
    }
  }
  if (budgeted) checkLastTurnThought(messages)
}

/** With thinking on, a turn that called tools must begin with the thoughts that led to the calls. */
function checkLastTurnThought(messages: readonly Fields[]): void {
  const at = messages.findLastIndex((message) => message['role'] === 'assistant')
  const parts = at === -1 ? [] : partsOf(messages[at] ?? {})
  const first = parts[0]?.['type']
  if (!parts.some((part) => part['type'] === 'tool_use') || first === 'thinking' || first === 'redacted_thinking')
    return
  throw invalid(
    `messages.${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${textOf(first)}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`,
  )
}

function partsOf(message: Fields): Fields[] {
  return listOf(message['content']).map(fieldsOf)
}
