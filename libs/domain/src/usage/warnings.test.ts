import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usageWarningsOf, type UsageEvidence, type UsageReport } from './warnings.ts'

const BOTH = ['promptTokens', 'completionTokens'] as const

function aReport(counts: UsageReport['counts'], changes: Partial<UsageReport> = {}): UsageReport {
  return { counts, invalid: false, shrunk: false, ...changes }
}

/** An exchange of text that has ended: 1,600 bytes sent, 400 seen. */
function evidence(changes: Partial<UsageEvidence> = {}): UsageEvidence {
  return { owed: BOTH, sentBytes: 1_600, seenBytes: 400, toolCalls: 0, hiddenTokensMax: 0, ...changes }
}

const HONEST = { promptTokens: 400, completionTokens: 100 }

describe('what was reported', () => {
  it.each<[string, UsageReport, readonly string[]]>([
    ['an honest report', aReport(HONEST), []],
    ['no report', aReport({}), ['absent']],
    ['half a report', aReport({ completionTokens: 100 }), ['absent']],
    ['a report of none', aReport({}, { invalid: true }), ['invalid']],
    ['a report that mends itself', aReport(HONEST, { invalid: true }), ['invalid']],
    ['zeros', aReport({ promptTokens: 0, completionTokens: 0 }), ['zero']],
    ['a zero and nothing', aReport({ completionTokens: 0 }), ['absent', 'zero']],
    ['a report that shrinks', aReport(HONEST, { shrunk: true }), ['shrunk']],
    ['ten times the prompt', aReport({ ...HONEST, promptTokens: 4_000 }), ['prompt_high']],
    ['ten times the answer', aReport({ ...HONEST, completionTokens: 1_000 }), ['completion_high']],
    ['an answer reported as thoughts', aReport({ ...HONEST, completionTokens: 1_000, reasoningTokens: 900 }), []],
  ])('%s raises what it deserves', (_, report, usageWarnings) => {
    expect(usageWarningsOf(report, evidence())).toEqual(usageWarnings)
  })

  it('may be missing or zero where nothing is owed', () => {
    expect(usageWarningsOf(aReport({ completionTokens: 0 }), evidence({ owed: [] }))).toEqual([])
    expect(usageWarningsOf(aReport({ promptTokens: 400 }), evidence({ owed: ['promptTokens'] }))).toEqual([])
  })

  it('is not held against bytes where bytes say nothing', () => {
    const counts = { promptTokens: 90_000, completionTokens: 90_000 }
    expect(usageWarningsOf(aReport(counts), evidence({ sentBytes: Infinity, seenBytes: Infinity }))).toEqual([])
  })

  it('may hold hidden thoughts as far as the request allows them, and no further', () => {
    const hidden = evidence({ hiddenTokensMax: 4_096 })
    expect(usageWarningsOf(aReport({ ...HONEST, completionTokens: 4_196 }), hidden)).toEqual([])
    expect(usageWarningsOf(aReport({ ...HONEST, completionTokens: 41_960 }), hidden)).toEqual(['completion_high'])
    // A server that counts thoughts separately reports no hidden tokens.
    const apart = { ...HONEST, completionTokens: 4_196, reasoningTokens: 0 }
    expect(usageWarningsOf(aReport(apart), hidden)).toEqual(['completion_high'])
  })
})

const anyTokens = (shape: { minLength: number; bytesMax: number }) =>
  fc.array(fc.integer({ min: 1, max: shape.bytesMax }), { minLength: shape.minLength, maxLength: 2_000 })
const bytesOf = (tokens: readonly number[]) => tokens.reduce((sum, bytes) => sum + bytes, 0)

it('a correct count never raises a warning, however many bytes its tokens hold', () => {
  const exchange = fc.record({
    prompt: anyTokens({ minLength: 1, bytesMax: 8 }),
    envelope: fc.nat({ max: 100_000 }),
    added: fc.nat({ max: 2_000 }),
    answer: anyTokens({ minLength: 1, bytesMax: 8 }),
    toolCalls: fc.nat({ max: 20 }),
    markers: fc.nat({ max: 64 }),
    thoughts: fc.nat({ max: 100_000 }),
    reported: fc.boolean(),
  })
  fc.assert(
    fc.property(exchange, ({ prompt, envelope, added, answer, toolCalls, markers, thoughts, reported }) => {
      const counts = {
        promptTokens: prompt.length + added,
        completionTokens: answer.length + markers * (1 + toolCalls) + thoughts,
        ...(reported && { reasoningTokens: thoughts }),
      }
      const known = {
        owed: BOTH,
        sentBytes: bytesOf(prompt) + envelope,
        seenBytes: bytesOf(answer),
        toolCalls,
        hiddenTokensMax: thoughts,
      }
      expect(usageWarningsOf(aReport(counts), known)).toEqual([])
    }),
  )
})

it('ten times as much is always found: from 400 tokens of prompt and 11 of an answer on, of at most four bytes', () => {
  const exchange = fc.record({
    prompt: anyTokens({ minLength: 400, bytesMax: 4 }),
    envelope: fc.nat({ max: 300 }),
    answer: anyTokens({ minLength: 11, bytesMax: 4 }),
  })
  fc.assert(
    fc.property(exchange, ({ prompt, envelope, answer }) => {
      const known = evidence({ sentBytes: bytesOf(prompt) + envelope, seenBytes: bytesOf(answer) })
      const counts = { promptTokens: 10 * prompt.length, completionTokens: 10 * answer.length }
      expect(usageWarningsOf(aReport(counts), known)).toEqual(['prompt_high', 'completion_high'])
    }),
  )
})
