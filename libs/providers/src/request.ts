import {
  cutName,
  Fault,
  JSON_DEPTH_MAX,
  JSON_MEMBERS_MAX,
  parseUntrusted,
  type JsonLimits,
  type ToolCall,
} from '@turnpike/domain'
import { isFrame, type Frame } from './frame.ts'

/** A conversation that a dialect has no form for. */
export function unsayable(message: string, cause?: unknown): Fault {
  return new Fault('request_invalid', message, { param: 'messages', cause })
}

/** JSON in a text of the conversation, which the measure of the body took for one string. */
export const TEXT_LIMITS: JsonLimits = { depth: JSON_DEPTH_MAX, members: JSON_MEMBERS_MAX }

export const NO_MESSAGE = 'The conversation holds no message with content.'

/**
 * The two halves of a base64 `data:` URL; null for an address. `data:image/png;base64,iVBO…`
 * Throws Fault `request_invalid` for a `data:` URL in another encoding.
 */
export function parseDataUrl(url: string): { readonly mediaType: string; readonly base64: string } | null {
  if (!url.startsWith('data:')) return null
  const comma = url.indexOf(',')
  const [mediaType, ...parameters] = url.slice('data:'.length, comma).split(';')
  if (comma < 0 || !mediaType || !parameters.includes('base64')) {
    throw unsayable('An embedded file must be base64: `data:<type>;base64,…`.')
  }
  return { mediaType, base64: url.slice(comma + 1) }
}

/**
 * A replayed tool call's arguments as the object that some dialects want in place of JSON text. Nothing at all is a call
 * without arguments. Throws Fault `request_invalid` for text that is not a JSON object: it cannot be said in such a dialect.
 */
export function argumentsOf(call: ToolCall): Frame {
  if (call.arguments.trim() === '') return {}
  const which = `The arguments of tool call ${JSON.stringify(cutName(call.id))}`
  const refused = (what: string, cause?: unknown) => unsayable(`${which}: the text ${what}.`, cause)
  const parsed = parseUntrusted(call.arguments, TEXT_LIMITS, refused)
  if (isFrame(parsed)) return parsed
  throw unsayable(`${which} are not a JSON object. This model's provider takes nothing else.`)
}
