import { between, dice, type Dice, fingerprint } from './dice.ts'
import { lastUserText, type Prompt, promptTokens, seedOf, type Tool } from './prompt.ts'
import { valueFor } from './schema.ts'
import type { CacheUse } from './prefixes.ts'
import type { Call, Script } from './script.ts'
import { seal } from './seal.ts'
import { prose, subjectOf } from './words.ts'

/** What will be said: a pure function of model and conversation. @param tokens its length; left out, these decide. */
export function scriptFor(prompt: Prompt, cache: CacheUse, tokens?: number): Script {
  const seed = seedOf(prompt)
  const roll = dice(seed)
  const refused = prompt.turns.some((turn) => turn.role !== 'assistant' && turn.text.includes('[refuse]'))
  const thoughts = prompt.thinks && !refused ? thoughtsOn(prompt, roll) : []
  const calls = refused ? [] : callsFor(prompt, seed, roll)
  const said = refused ? refusal(prompt) : calls.length > 0 ? leadIn(prompt) : answer(prompt, roll, tokens)
  const natural = refused ? 'refusal' : calls.length > 0 ? 'tool_calls' : 'stop'
  const whole: Draft = { thoughts, pieces: said, calls, finish: natural, stopSequence: null }
  const cut = withinTokens(untilStop(whole, prompt.stop), prompt.tokensMax)
  const usage = {
    prompt: promptTokens(prompt),
    cached: cache.read,
    cacheWritten: cache.written,
    completion: cut.thoughts.length + spoken(cut),
    reasoning: cut.thoughts.length,
  }
  return { ...cut, seal: cut.thoughts.length > 0 ? seal(cut.thoughts.join('')) : '', usage, reported: usage }
}

const THOUGHT_TOKENS = [24, 72] as const
const TEXT_TOKENS = [40, 160] as const

function thoughtsOn(prompt: Prompt, roll: Dice): string[] {
  const subject = subjectOf(lastUserText(prompt))
  const first = subject === '' ? 'Let me think about this.' : `Let me think about ${subject} first.`
  return prose(roll, between(roll, ...THOUGHT_TOKENS), first)
}

/** Once per user turn: when results have come back, the answer is given in words, whatever was demanded. */
function callsFor(prompt: Prompt, seed: number, roll: Dice): Call[] {
  const { toolChoice, tools } = prompt
  if (tools.length === 0 || toolChoice === 'none' || prompt.turns.at(-1)?.role === 'tool') return []
  if (typeof toolChoice === 'object') {
    return callsOf(tools.filter((tool) => tool.name === toolChoice.name).slice(0, 1), seed, roll)
  }
  if (toolChoice === 'auto' && !/\b(?:weather|call|tools?)\b/i.test(lastUserText(prompt))) return []
  const [first, second = first] = tools
  if (first === undefined || second === undefined) return []
  return callsOf(prompt.parallelCalls ? [first, second] : [first], seed, roll)
}

function callsOf(tools: readonly Tool[], seed: number, roll: Dice): Call[] {
  return tools.map((tool, at) => {
    const given = valueFor({ type: 'object', ...tool.schema }, roll)
    const mark = fingerprint(`${tool.name}#${at}`, seed).toString(36).padStart(7, '0')
    return {
      id: `${seed.toString(36).padStart(7, '0')}${mark}`,
      name: tool.name,
      arguments: given,
      pieces: sliced(JSON.stringify(given)),
    }
  })
}

/** Slices of five characters, so that a stream cuts through names, escapes and numbers. */
const PIECE = /[^]{1,5}/gu

function sliced(text: string): string[] {
  return text.match(PIECE) ?? []
}

function refusal(prompt: Prompt): string[] {
  return prompt.refusesInWords ? ['I’m', ' sorry,', ' but', ' I', ' can’t', ' help', ' with', ' that.'] : []
}

function leadIn(prompt: Prompt): string[] {
  return prompt.speaksBeforeCalls ? ['Let', ' me', ' look', ' that', ' up.'] : []
}

function answer(prompt: Prompt, roll: Dice, tokens?: number): string[] {
  if (prompt.format.kind === 'schema') return sliced(JSON.stringify(valueFor(prompt.format.schema, roll)))
  const length = tokens ?? between(roll, ...TEXT_TOKENS)
  if (prompt.format.kind === 'text') return prose(roll, length, opening(prompt))
  return sliced(JSON.stringify({ answer: prose(roll, 12, opening(prompt)).join(''), confident: roll() < 0.5 }))
}

function opening(prompt: Prompt): string {
  const last = prompt.turns.at(-1)
  if (last?.role === 'tool')
    return `The tools returned ${last.text.slice(0, 200).trim() || 'nothing'}, so here is what that means.`
  const images = prompt.turns.reduce((sum, turn) => sum + turn.images, 0)
  const seen =
    images === 0 ? '' : images === 1 ? 'I can see the image you sent. ' : `I can see the ${images} images you sent. `
  const subject = subjectOf(lastUserText(prompt))
  return subject === '' ? `${seen}Here is a short answer.` : `${seen}Here is a short answer about ${subject}.`
}

type Draft = Omit<Script, 'seal' | 'usage' | 'reported'>

function spoken(draft: Draft): number {
  return draft.pieces.length + draft.calls.reduce((sum, call) => sum + call.pieces.length, 0)
}

/** Ends the text before the first stop sequence. The piece that was cut through counts as one token. */
function untilStop(draft: Draft, stops: readonly string[]): Draft {
  if (stops.length === 0 || draft.finish === 'refusal') return draft
  const text = draft.pieces.join('')
  let end = -1
  let stopSequence: string | null = null
  for (const stop of stops) {
    const at = stop === '' ? -1 : text.indexOf(stop)
    if (at !== -1 && (end === -1 || at < end)) [end, stopSequence] = [at, stop]
  }
  if (stopSequence === null) return draft
  const pieces: string[] = []
  let left = end
  for (const piece of draft.pieces) {
    if (left <= 0) break
    pieces.push(piece.slice(0, left))
    left -= piece.length
  }
  return { ...draft, pieces, calls: [], finish: 'stop_sequence', stopSequence }
}

/** Keeps what fits: thoughts, then text, then calls; a call that does not fit whole is left out. */
function withinTokens(draft: Draft, tokensMax: number): Draft {
  if (draft.thoughts.length + spoken(draft) <= tokensMax) return draft
  const thoughts = draft.thoughts.slice(0, tokensMax)
  const pieces = draft.pieces.slice(0, tokensMax - thoughts.length)
  let left = tokensMax - thoughts.length - pieces.length
  const calls = draft.calls.filter((call) => (left -= call.pieces.length) >= 0)
  return { thoughts, pieces, calls, finish: 'length', stopSequence: null }
}
