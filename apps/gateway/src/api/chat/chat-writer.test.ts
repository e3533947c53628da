import type { ChatDelta, RequestId } from '@turnpike/domain'
import { Fault, NO_USAGE } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../call/answer.ts'
import { chatStream, chatWhole, usageBody } from './chat-writer.ts'
import type { AnswerIdentity } from '../inference/open-call.ts'
import { stringify } from '../../http/numeral.ts'

const answer = { target: { endpoint: { model: 'sim/swift-8b' }, provider: { name: 'Acorn' } } } as unknown as Answer
const identity: AnswerIdentity = {
  id: '20261121-abc' as RequestId,
  created: 1_700_000_000,
  excludeReasoning: false,
  comments: true,
}
const settled = {
  usage: { ...NO_USAGE, promptTokens: 3, completionTokens: 4, reasoningTokens: 1 },
  cost: 31_000n,
  upstreamCost: 31_000n,
  isOwn: false,
}

const events = (text: string) =>
  text
    .split('\n\n')
    .filter(Boolean)
    .map((event) => event.replace(/^data: /, ''))
    .map((data): unknown => (data === '[DONE]' ? data : JSON.parse(data)))

it('by an account of the tenant’s own costs nothing here, and tells what its provider charges', () => {
  expect(stringify(usageBody({ ...settled, cost: 0n, isOwn: true }))).toContain(
    '"cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":0.000031}',
  )
  expect(usageBody(settled)).toMatchObject({ is_byok: false })
})

describe('a streamed answer', () => {
  it('is our own whoever gave it, with usage and cost in the last chunk before [DONE]', () => {
    const writer = chatStream(identity)
    const [first, second] = events(
      writer.chunks(answer, [{ text: 'Hel' }, { text: 'lo', finish: { reason: 'stop', native: 'end_turn' } }]),
    )
    expect(first).toEqual({
      id: 'gen-20261121-abc',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'sim/swift-8b',
      provider: 'Acorn',
      system_fingerprint: 'fp_turnpike_0_1',
      choices: [
        { index: 0, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null, native_finish_reason: null },
      ],
    })
    expect(second).toMatchObject({
      choices: [{ delta: { content: 'lo' }, finish_reason: 'stop', native_finish_reason: 'end_turn' }],
    })
    const [last, done] = events(writer.finish(answer, settled))
    expect(last).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 4,
        total_tokens: 7,
        cost: 0.000031,
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    })
    expect(done).toBe('[DONE]')
  })

  it('keeps the fields of a frame that nobody here knows, but not its names for itself', () => {
    const wire = {
      id: 'theirs',
      model: 'theirs',
      usage: { prompt_tokens: 1 },
      service_tier: 'flex',
      choices: [{ index: 0, delta: { content: 'x', obfuscation: 'zz' }, finish_reason: null }],
    }
    const [chunk] = events(chatStream(identity).chunks(answer, [{ text: 'x', wire }]))
    expect(chunk).toMatchObject({
      id: 'gen-20261121-abc',
      model: 'sim/swift-8b',
      service_tier: 'flex',
      choices: [{ delta: { content: 'x', obfuscation: 'zz' } }],
    })
    expect(chunk).not.toHaveProperty('usage')
  })

  it('takes text in the place of a delta for none, and does not spell it out', () => {
    const wire = { choices: [{ index: 0, delta: 'abc' }] }
    const [chunk] = events(chatStream(identity).chunks(answer, [{ text: 'x', wire }])) as [{ choices: unknown }]
    expect(chunk.choices).toMatchObject([{ delta: { role: 'assistant', content: 'x' } }])
    expect(JSON.stringify(chunk.choices)).not.toContain('"a"')
  })

  it('says nothing for a delta that only counts', () => {
    expect(chatStream(identity).chunks(answer, [{ usage: { promptTokens: 1 } }])).toBe('')
  })

  it('ends with an error event and [DONE] when it breaks', () => {
    const writer = chatStream(identity)
    writer.chunks(answer, [{ text: 'a' }])
    const [event, done] = events(writer.fail(new Fault('upstream_cut', 'broke off')))
    expect(event).toMatchObject({
      error: { code: 'upstream_cut', source: 'provider' },
      provider: 'Acorn',
      choices: [{ index: 0, finish_reason: 'error' }],
    })
    expect(done).toBe('[DONE]')
  })

  it('keeps thoughts out where the caller asked for that', () => {
    const thought: ChatDelta = {
      reasoning: [{ kind: 'text', text: 'hm', format: 'anthropic-claude-v1', signature: 's' }],
    }
    expect(events(chatStream(identity).chunks(answer, [thought]))[0]).toMatchObject({
      choices: [
        {
          delta: {
            reasoning: 'hm',
            reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1' }],
          },
        },
      ],
    })
    expect(chatStream({ ...identity, excludeReasoning: true }).chunks(answer, [thought])).toBe('')
  })
})

describe('a whole answer', () => {
  const whole = (deltas: ChatDelta[]) =>
    JSON.parse(stringify(chatWhole(identity)(answer, deltas, settled))) as { choices: unknown[] }

  it('puts interleaved parallel tool calls together by their index', () => {
    const deltas: ChatDelta[] = [
      {
        toolCalls: [
          { index: 0, id: 'c0', name: 'f' },
          { index: 1, id: 'c1', name: 'g' },
        ],
      },
      { toolCalls: [{ index: 1, arguments: '{"b"' }] },
      { toolCalls: [{ index: 0, arguments: '{"a":1}' }] },
      { toolCalls: [{ index: 1, arguments: ':2}' }], finish: { reason: 'tool_calls', native: 'tool_use' } },
    ]
    expect(whole(deltas).choices).toMatchObject([
      {
        finish_reason: 'tool_calls',
        message: {
          content: null,
          tool_calls: [
            { id: 'c0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'c1', type: 'function', function: { name: 'g', arguments: '{"b":2}' } },
          ],
        },
      },
    ])
  })

  it('has text, refusal and finish where clients look for them', () => {
    expect(whole([{ text: 'Hi', finish: { reason: 'stop', native: 'STOP' } }]).choices).toMatchObject([
      {
        index: 0,
        finish_reason: 'stop',
        native_finish_reason: 'STOP',
        logprobs: null,
        message: { role: 'assistant', content: 'Hi', refusal: null },
      },
    ])
  })
})
