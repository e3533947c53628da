import type { ToolCallDelta } from '@turnpike/domain'
import { isFrame, listOf, textOf, within, type Frame } from '../frame.ts'

/** The tool calls of one answer, numbered from 0 in the order of appearance. */
export type ToolCalls = ReturnType<typeof createToolCalls>

interface Known {
  readonly index: number
  readonly id: string
}

/**
 * Servers count from 0, from 1, or call every parallel call number 0 and tell them apart by id; some leave the number out.
 * So a call is new when its number is, or when it brings another id and a name.
 */
export function createToolCalls() {
  const byNumber = new Map<number, Known>()
  let count = 0
  let last: Known | undefined

  /** Reads the calls in a delta or message. `upstreamId` makes an id for a call that comes without one. */
  function read(said: Frame, upstreamId: string | undefined): readonly ToolCallDelta[] {
    const legacy = said['function_call']
    if (isFrame(legacy)) return [readCall({ index: 0, function: legacy }, upstreamId)]
    return listOf(said['tool_calls']).map((call) => readCall(within(call), upstreamId))
  }

  function readCall(call: Frame, upstreamId: string | undefined): ToolCallDelta {
    const asked = within(call['function'])
    const name = textOf(asked['name'])
    const id = textOf(call['id'])
    const number = typeof call['index'] === 'number' ? call['index'] : undefined
    const known = number === undefined ? last : byNumber.get(number)
    const written = writtenArguments(asked['arguments'])
    if (known && !isAnother(known, id, name, number)) {
      last = known
      return { index: known.index, ...(written !== undefined && { arguments: written }) }
    }
    const index = count++
    last = { index, id: id ?? `call_${upstreamId ?? crypto.randomUUID()}_${index}` }
    byNumber.set(number ?? index, last)
    return {
      index,
      id: last.id,
      ...(name !== undefined && { name }),
      ...(written !== undefined && { arguments: written }),
    }
  }

  return {
    read,
    get count(): number {
      return count
    },
  }
}

/** Whether a piece that would belong to `known` begins a call: it has a name, and another id. */
function isAnother(known: Known, id: string | undefined, name: string | undefined, number: number | undefined) {
  if (name === undefined || id === known.id) return false
  return id !== undefined || number === undefined
}

/** JSON text by the shape's rule; a few servers send the object itself. */
function writtenArguments(value: unknown): string | undefined {
  return isFrame(value) ? JSON.stringify(value) : textOf(value)
}
