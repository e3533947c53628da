import type { ChatDelta, ReasoningBlock, ToolCall, Usage } from '@turnpike/domain'

/** A whole answer, put together from its deltas as a client would. What it does not hold is absent. */
export interface Gathered {
  readonly text?: string
  readonly refusal?: string
  readonly reasoning?: readonly ReasoningBlock[]
  readonly toolCalls?: readonly ToolCall[]
  readonly finish?: ChatDelta['finish']
  readonly usage?: Partial<Usage>
  readonly usageInvalid?: true
  readonly logprobs?: unknown
  readonly upstreamId?: string
  readonly upstreamModel?: string
}

export function gather(deltas: readonly ChatDelta[]): Gathered {
  const { toolCalls: _, reasoning: __, wire: ___, ...last } = Object.assign({}, ...deltas) as ChatDelta
  const text = deltas.map((delta) => delta.text ?? '').join('')
  const refusal = deltas.map((delta) => delta.refusal ?? '').join('')
  const reasoning = joinThoughts(deltas.flatMap((delta) => delta.reasoning ?? []))
  const toolCalls = joinCalls(deltas)
  const usage = Object.assign({}, ...deltas.map((delta) => delta.usage ?? {})) as Partial<Usage>
  return {
    ...last,
    ...(text && { text }),
    ...(refusal && { refusal }),
    ...(reasoning.length > 0 && { reasoning }),
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(Object.keys(usage).length > 0 && { usage }),
  }
}

function joinThoughts(blocks: readonly ReasoningBlock[]): ReasoningBlock[] {
  const joined: ReasoningBlock[] = []
  for (const block of blocks) {
    const last = joined.at(-1)
    if (block.kind === 'text' && last?.kind === 'text' && block.index === last.index) {
      joined[joined.length - 1] = { ...last, ...block, text: last.text + block.text }
    } else joined.push(block)
  }
  return joined
}

/** Fails on what a client could not put together: a call whose first delta has no id, or an index that skips one. */
function joinCalls(deltas: readonly ChatDelta[]): ToolCall[] {
  const calls: ToolCall[] = []
  for (const { index, id, name, arguments: written = '' } of deltas.flatMap((delta) => delta.toolCalls ?? [])) {
    const call = calls[index]
    if (call) {
      if (id !== undefined || name !== undefined) throw new Error(`Call ${index} was started twice.`)
      calls[index] = { ...call, arguments: call.arguments + written }
    } else {
      if (index !== calls.length || id === undefined || name === undefined)
        throw new Error(`Call ${index} began wrong.`)
      calls[index] = { id, name, arguments: written }
    }
  }
  return calls
}
