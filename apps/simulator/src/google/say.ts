import type { About, Frame } from '../dialect.ts'
import type { Finish, Script, Usage } from '../script.ts'

/** Gemini streams in gulps rather than token by token. */
const TOKENS_PER_FRAME = 4

/** Streams an answer as `GenerateContentResponse` events; the finish reason is in the last one. */
export function* frames(script: Script, about: About): Generator<Frame> {
  let said = 0
  const frame = (parts: unknown[], tokens: number, finish?: Finish): Frame => {
    said += tokens
    const last = finish !== undefined
    const body = response(parts, about, script.reported && (last ? script.reported : upTo(script, said)), finish)
    return { wire: `data: ${JSON.stringify(body)}\r\n\r\n`, tokens, part: last ? 'end' : 'content' }
  }
  for (const piece of gulps(script.thoughts)) {
    const thought = frame([{ text: piece.text, thought: true }], piece.tokens)
    yield about.showsThoughts ? thought : { ...thought, wire: '' }
  }
  for (const piece of gulps(script.pieces)) yield frame([{ text: piece.text }], piece.tokens)
  const callTokens = script.calls.reduce((sum, call) => sum + call.pieces.length, 0)
  if (script.calls.length > 0) yield frame(callParts(script), callTokens)
  yield frame(script.finish === 'refusal' ? [] : [{ text: '', ...signatureOf(script) }], 0, script.finish)
}

/** The whole answer as one `GenerateContentResponse`. */
export function whole(script: Script, about: About): string {
  const text = script.pieces.join('')
  const parts = [
    ...(script.thoughts.length > 0 && about.showsThoughts ? [{ text: script.thoughts.join(''), thought: true }] : []),
    ...(text === '' ? [] : [{ text, ...signatureOf(script) }]),
    ...callParts(script),
  ]
  return JSON.stringify(response(parts, about, script.reported, script.finish))
}

function response(parts: unknown[], about: About, usage: Usage | null, finish?: Finish): unknown {
  const candidate = {
    ...(parts.length > 0 && { content: { parts, role: 'model' } }),
    ...(finish !== undefined && { finishReason: FINISH[finish] }),
    ...(finish === 'refusal' && {
      safetyRatings: [{ category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true }],
    }),
    index: 0,
  }
  return {
    candidates: [candidate],
    ...(usage && { usageMetadata: usageOf(usage) }),
    modelVersion: about.model,
    responseId: `sim${String(about.seq).padStart(12, '0')}`,
  }
}

const FINISH: Readonly<Record<Finish, string>> = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  refusal: 'SAFETY',
}

/** What a blocked prompt gets: no candidate at all, with status 200. */
export function blocked(about: About): string {
  return JSON.stringify({
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: 8, totalTokenCount: 8 },
    modelVersion: about.model,
    responseId: `sim${String(about.seq).padStart(12, '0')}`,
  })
}

/** The last text carries the signature where no call does. */
function signatureOf({ seal, calls }: Script): { thoughtSignature?: string } {
  return seal !== '' && calls.length === 0 ? { thoughtSignature: seal } : {}
}

function callParts(script: Script): unknown[] {
  return script.calls.map((call, at) => ({
    functionCall: { id: call.id, name: call.name, args: call.arguments },
    ...(at === 0 && script.seal !== '' && { thoughtSignature: script.seal }),
  }))
}

function* gulps(pieces: readonly string[]): Generator<{ text: string; tokens: number }> {
  for (let at = 0; at < pieces.length; at += TOKENS_PER_FRAME) {
    const gulp = pieces.slice(at, at + TOKENS_PER_FRAME)
    yield { text: gulp.join(''), tokens: gulp.length }
  }
}

/** Counts grow as the answer does. What a fault made of the reported usage stays as it is. */
function upTo(script: Script, said: number): Usage | null {
  const { reported, usage } = script
  if (reported !== usage) return reported
  return { ...usage, completion: said, reasoning: Math.min(said, usage.reasoning) }
}

function usageOf(usage: Usage): unknown {
  return {
    promptTokenCount: usage.prompt,
    candidatesTokenCount: usage.completion - usage.reasoning,
    totalTokenCount: usage.prompt + usage.completion,
    ...(usage.cached !== 0 && { cachedContentTokenCount: usage.cached }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.prompt }],
    ...(usage.reasoning !== 0 && { thoughtsTokenCount: usage.reasoning }),
  }
}
