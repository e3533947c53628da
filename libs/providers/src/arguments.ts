import { Fault, type ToolCall } from '@turnpike/domain'
import { isFrame, type Frame } from './frame.ts'

/**
 * A replayed tool call's arguments as the object that some dialects want in place of JSON text. Nothing at all is a call
 * without arguments. Throws Fault `request_invalid` for text that is not a JSON object: it cannot be said in such a dialect.
 */
export function argumentsOf(call: ToolCall): Frame {
  if (call.arguments.trim() === '') return {}
  try {
    const parsed: unknown = JSON.parse(call.arguments)
    if (isFrame(parsed)) return parsed
  } catch (cause) {
    throw unsayable(call, cause)
  }
  throw unsayable(call)
}

function unsayable(call: ToolCall, cause?: unknown): Fault {
  return new Fault(
    'request_invalid',
    `The arguments of tool call ${JSON.stringify(call.id)} are not a JSON object. This model's provider takes nothing else.`,
    { param: 'messages', cause },
  )
}
