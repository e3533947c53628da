import { expect, it } from 'vitest'
import { chatRequestOf } from './chat-request.ts'
import { chatBody } from './chat.schema.ts'
import { featuresOf } from '../../route/features.ts'
import { parse } from '../../http/parse.ts'

const read = (body: Record<string, unknown>) =>
  chatRequestOf(parse(chatBody, { model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hi' }], ...body }))

it('reads every sampling field', () => {
  const sampling = {
    temperature: 0.1,
    top_p: 0.2,
    top_k: 3,
    min_p: 0.4,
    top_a: 0.5,
    frequency_penalty: 0.6,
    presence_penalty: 0.7,
    repetition_penalty: 0.8,
    seed: 9,
    stop: 'end',
    logit_bias: { '50256': -100 },
    logprobs: true,
    top_logprobs: 2,
  }
  expect(read(sampling).sampling).toEqual({
    temperature: 0.1,
    topP: 0.2,
    topK: 3,
    minP: 0.4,
    topA: 0.5,
    frequencyPenalty: 0.6,
    presencePenalty: 0.7,
    repetitionPenalty: 0.8,
    seed: 9,
    stop: ['end'],
    logitBias: { '50256': -100 },
    logprobs: true,
    topLogprobs: 2,
  })
})

it('keeps unknown fields for providers of the same dialect, and ours to itself', () => {
  const request = read({
    brand_new: 1,
    provider: { order: ['acorn'] },
    models: ['a/b'],
    usage: { include: true },
    session_id: 's',
  })
  expect(request.extra).toEqual({ brand_new: 1 })
})

it('reads a conversation with images, parallel tool calls and their results', () => {
  const { messages } = read({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
          { id: 'c2', type: 'function', function: { name: 'look', arguments: '{"at":2}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
      { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'a hat' }] },
    ],
  })
  expect(messages).toEqual([
    { role: 'system', content: [{ kind: 'text', text: 'Be brief.' }] },
    {
      role: 'user',
      content: [
        { kind: 'text', text: 'What is this?' },
        { kind: 'image', url: 'https://example.org/a.png', detail: 'low' },
      ],
    },
    {
      role: 'assistant',
      content: [],
      reasoning: [],
      toolCalls: [
        { id: 'c1', name: 'look', arguments: '{"at":1}' },
        { id: 'c2', name: 'look', arguments: '{"at":2}' },
      ],
    },
    { role: 'tool', toolCallId: 'c1', content: [{ kind: 'text', text: 'a cat' }] },
    { role: 'tool', toolCallId: 'c2', content: [{ kind: 'text', text: 'a hat' }] },
  ])
})

it('gives sealed thoughts back as they came: in order, with their seals and their issuer', () => {
  const details = [
    { type: 'reasoning.text', text: 'First,', signature: 'seal', format: 'anthropic-claude-v1', index: 0 },
    { type: 'reasoning.encrypted', data: 'opaque', format: 'google-gemini-v1', id: 'r1' },
    { type: 'reasoning.summary', summary: 'In short', format: 'openai-responses-v1' },
  ]
  const [message] = read({
    messages: [{ role: 'assistant', content: 'ok', reasoning: 'First,', reasoning_details: details }],
  }).messages
  expect(message).toMatchObject({
    reasoning: [
      { kind: 'text', text: 'First,', signature: 'seal', format: 'anthropic-claude-v1', index: 0 },
      { kind: 'encrypted', data: 'opaque', format: 'google-gemini-v1', id: 'r1' },
      { kind: 'summary', text: 'In short', format: 'openai-responses-v1' },
    ],
  })
})

it('counts what a request needs without keeping what it says', () => {
  const request = read({
    messages: [{ role: 'user', content: 'x'.repeat(400) }],
    tools: [{ type: 'function', function: { name: 'f' } }],
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } },
    reasoning_effort: 'low',
    max_completion_tokens: 50,
    temperature: 0,
  })
  const features = featuresOf(request)
  expect(features.promptTokens).toBe(100 + 2 * 16)
  expect(features.maxTokens).toBe(50)
  expect(new Set(features.parameters)).toEqual(
    new Set(['temperature', 'max_tokens', 'tools', 'structured_outputs', 'response_format', 'reasoning']),
  )
  expect(JSON.stringify(features)).not.toContain('xxx')
})
