import { isFrame, listOf, type Frame } from '../frame.ts'

/** Values, and characters of text, of all fields of a frame that the hub has no word for. What is above is dropped. */
const VALUES_MAX = 2_000
const CHARACTERS_MAX = 65_536
/** An event of up to so many characters holds less than either, and is passed on as it came. */
const SMALL_CHARACTERS = 2_048

/** Images and sounds of a message, as long as the answer may be. */
const MEDIA = new Set(['audio', 'images'])
/** What the hub reads, and its caller's writer writes itself: passed by without a look. */
const READ = new Set(['choices', 'usage', 'content', 'refusal', 'reasoning', 'reasoning_content', 'tool_calls'])

/**
 * A frame for a caller of the same dialect, without fields that are too large for a caller to be sent unread. The frame itself where
 * nothing is. @param field where its choice keeps its content @param characters of the frame as text, where that is known
 */
export function wireOf(frame: Frame, field: 'delta' | 'message', characters = Infinity): Frame {
  if (characters <= SMALL_CHARACTERS) return frame
  const left = { values: VALUES_MAX, characters: CHARACTERS_MAX }
  const fields = smallFields(frame, left)
  const [choice] = listOf(frame['choices'])
  const said = isFrame(choice) ? choice[field] : undefined
  if (!isFrame(choice) || !isFrame(said)) return { ...fields, choices: [] }
  const small = smallFields(said, left)
  return fields === frame && small === said ? frame : { ...fields, choices: [{ ...choice, [field]: small }] }
}

interface Left {
  values: number
  characters: number
}

/** The fields in their order, as long as they fit into what is left; those that do not are dropped. */
function smallFields(frame: Frame, left: Left): Frame {
  const kept: Record<string, unknown> = {}
  let isWhole = true
  for (const name of Object.keys(frame)) {
    const value = frame[name]
    if (isRead(name, value) || take(value, left, MEDIA.has(name))) kept[name] = value
    else isWhole = false
  }
  return isWhole ? frame : kept
}

/** A text, or a list that is read element by element; another form of such a field is as good as unknown. */
function isRead(name: string, value: unknown): boolean {
  if (!READ.has(name)) return false
  return (
    typeof value === 'string' ||
    name === 'choices' ||
    name === 'usage' ||
    (name === 'tool_calls' && Array.isArray(value))
  )
}

/** Takes a value's size from what is left, if it is there. Looks at no more values than that. */
function take(value: unknown, left: Left, isMedia: boolean): boolean {
  let values = 0
  let characters = 0
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (++values + open.length > left.values) return false
    if (typeof next === 'string' && !isMedia) characters += next.length
    if (characters > left.characters) return false
    if (typeof next !== 'object' || next === null) continue
    const inner = Array.isArray(next) ? next : Object.values(next)
    if (inner.length > left.values) return false
    for (const one of inner) open.push(one)
    if (!Array.isArray(next)) for (const name of Object.keys(next)) characters += name.length
  }
  left.values -= values
  left.characters -= characters
  return true
}
