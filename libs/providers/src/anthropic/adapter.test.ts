import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '@turnpike/domain'
import { aRequest, describeAdapter } from '../adapter.contract.ts'
import { anthropic } from './adapter.ts'

const PATH = '/messages'
const MODEL = 'claude-sonnet-4-5'
const text = (value: string) => ({ kind: 'text', text: value }) as const
const hello = [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }]
const plain = { model: MODEL, max_tokens: 100, messages: hello, stream: true }

/** Frames with the event names that this API adds to each. */
function stream(...frames: readonly { type: string }[]): string {
  return frames.map((frame) => `event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`).join('')
}

const start = (usage: object = { input_tokens: 20, output_tokens: 1 }) => ({
  type: 'message_start',
  message: {
    id: 'msg_7',
    type: 'message',
    role: 'assistant',
    model: 'claude-m',
    content: [],
    stop_reason: null,
    usage,
  },
})
const open = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block })
const delta = (index: number, fields: object) => ({ type: 'content_block_delta', index, delta: fields })
const json = (index: number, partial_json: string) => delta(index, { type: 'input_json_delta', partial_json })
const close = (index: number) => ({ type: 'content_block_stop', index })
const end = (stop_reason: string, usage: object = { output_tokens: 30 }, more: object = {}) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null, ...more },
  usage,
})
const stop = { type: 'message_stop' }
const ping = { type: 'ping' }
const head = { upstreamId: 'msg_7', upstreamModel: 'claude-m' }
const counted = { promptTokens: 20, completionTokens: 30 }

describeAdapter(anthropic, {
  unknownEvent: 'event: novelty\ndata: {"type":"novelty","delta":{"text":"no"}}',
  requests: [
    {
      promise: 'sets the bound that the API demands when the caller set none',
      model: MODEL,
      path: PATH,
      request: aRequest(),
      body: { ...plain, max_tokens: 16_384 },
    },
    {
      promise: 'gathers system prompts, keeps cache breakpoints and joins neighbours of one role',
      model: MODEL,
      path: PATH,
      request: aRequest({
        maxTokens: 100,
        user: 'u-1',
        sampling: { temperature: 1.7, topP: 0.9, topK: 5, stop: ['.', '\n'], seed: 3 },
        extra: { cache_control: { type: 'ephemeral' }, service_tier: 'flex' },
        messages: [
          { role: 'system', content: [{ ...text('Rules'), cacheControl: { type: 'ephemeral', ttl: '1h' } }] },
          { role: 'user', content: [text('One'), text('')] },
          { role: 'developer', content: [text('More rules')] },
          { role: 'user', content: [{ ...text('Two'), cacheControl: { type: 'ephemeral' } }] },
          { role: 'assistant', content: [text('It is  ')], toolCalls: [], reasoning: [] },
        ],
      }),
      body: {
        ...plain,
        cache_control: { type: 'ephemeral' },
        metadata: { user_id: 'u-1' },
        temperature: 1,
        top_k: 5,
        stop_sequences: ['.'],
        system: [
          { type: 'text', text: 'Rules', cache_control: { type: 'ephemeral', ttl: '1h' } },
          { type: 'text', text: 'More rules' },
        ],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'One' },
              { type: 'text', text: 'Two', cache_control: { type: 'ephemeral' } },
            ],
          },
          { role: 'assistant', content: [{ type: 'text', text: 'It is' }] },
        ],
      },
    },
    {
      promise: 'replays its own seals only, joins their pieces, and answers parallel calls in one turn',
      model: MODEL,
      path: PATH,
      request: aRequest({
        maxTokens: 100,
        tools: [{ name: 'sum', parameters: { type: 'object', properties: { x: {} } }, strict: true }, { name: 'now' }],
        toolChoice: 'required',
        parallelToolCalls: false,
        messages: [
          { role: 'user', content: [text('Hello')] },
          {
            role: 'assistant',
            content: [text('So')],
            reasoning: [
              { kind: 'text', text: 'Cut off', format: 'anthropic-claude-v1', index: 9 },
              { kind: 'text', text: 'Let ', format: 'anthropic-claude-v1', index: 0 },
              { kind: 'text', text: 'me', format: 'anthropic-claude-v1', index: 0 },
              { kind: 'text', text: '', signature: 'seal-1', format: 'anthropic-claude-v1', index: 0 },
              { kind: 'encrypted', data: 'dark', format: 'anthropic-claude-v1', index: 1 },
              { kind: 'text', text: 'unsealed', format: 'anthropic-claude-v1' },
              { kind: 'text', text: 'foreign', signature: 'seal-2', format: 'unknown' },
              { kind: 'encrypted', data: 'foreign', format: 'google-gemini-v1' },
            ],
            toolCalls: [
              { id: 'functions.sum:0', name: 'sum', arguments: '{"x":1}' },
              { id: 'b', name: 'now', arguments: '' },
            ],
          },
          { role: 'tool', toolCallId: 'functions.sum:0', content: [text('1')] },
          { role: 'tool', toolCallId: 'b', content: [text('noon'), { kind: 'image', url: 'https://a.example/b.png' }] },
          { role: 'tool', toolCallId: 'c', content: [text('')] },
          { role: 'user', content: [text('Go on')] },
        ],
      }),
      body: {
        ...plain,
        tools: [
          { name: 'sum', input_schema: { type: 'object', properties: { x: {} } }, strict: true },
          { name: 'now', input_schema: { type: 'object' } },
        ],
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
        messages: [
          ...hello,
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Let me', signature: 'seal-1' },
              { type: 'redacted_thinking', data: 'dark' },
              { type: 'text', text: 'So' },
              { type: 'tool_use', id: 'functions_sum_0', name: 'sum', input: { x: 1 } },
              { type: 'tool_use', id: 'b', name: 'now', input: {} },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'functions_sum_0', content: [{ type: 'text', text: '1' }] },
              {
                type: 'tool_result',
                tool_use_id: 'b',
                content: [
                  { type: 'text', text: 'noon' },
                  { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
                ],
              },
              { type: 'tool_result', tool_use_id: 'c' },
              { type: 'text', text: 'Go on' },
            ],
          },
        ],
      },
    },
    {
      promise: 'says images by address and inline, files, and a schema without what is refused in it',
      model: MODEL,
      path: PATH,
      request: aRequest({
        maxTokens: 100,
        responseFormat: {
          kind: 'json_schema',
          name: 'answer',
          schema: {
            type: 'object',
            properties: {
              minimum: { type: 'integer', minimum: 1 },
              tags: { type: 'array', minItems: 2, items: { type: 'object' } },
              id: {
                oneOf: [
                  { type: 'string', format: 'uuid' },
                  { type: 'string', format: 'ulid', maxLength: 26 },
                ],
              },
            },
          },
        },
        messages: [
          {
            role: 'user',
            content: [
              { kind: 'image', url: 'https://a.example/b.png' },
              { kind: 'image', url: 'data:image/png;base64,AAAA' },
              { kind: 'file', data: 'data:application/pdf;base64,BBBB', filename: 'b.pdf' },
              { kind: 'file', data: 'data:text/csv;base64,YSxi' },
              { kind: 'file', data: 'data:image/gif;base64,CCCC' },
            ],
          },
        ],
      }),
      body: {
        ...plain,
        output_config: {
          format: {
            type: 'json_schema',
            schema: {
              type: 'object',
              additionalProperties: false,
              properties: {
                minimum: { type: 'integer' },
                tags: { type: 'array', items: { type: 'object', additionalProperties: false } },
                id: { anyOf: [{ type: 'string', format: 'uuid' }, { type: 'string' }] },
              },
            },
          },
        },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
              {
                type: 'document',
                source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' },
                title: 'b.pdf',
              },
              { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
              { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'CCCC' } },
            ],
          },
        ],
      },
    },
    {
      promise: 'asks in words for JSON without a schema',
      model: MODEL,
      path: PATH,
      request: aRequest({ maxTokens: 100, responseFormat: { kind: 'json' } }),
      body: { ...plain, system: 'Answer with one JSON object and nothing else.' },
    },
  ],
  unsayable: [
    {
      promise: 'a conversation without a word',
      request: aRequest({ messages: [{ role: 'user', content: [text('')] }] }),
    },
    {
      promise: 'audio',
      request: aRequest({ messages: [{ role: 'user', content: [{ kind: 'audio', data: 'A', format: 'wav' }] }] }),
    },
    { promise: 'arguments that are not an object', request: withArguments('[1]') },
    { promise: 'arguments that are cut off', request: withArguments('{"x":') },
    {
      promise: 'an embedded image that is not base64',
      request: aRequest({
        messages: [{ role: 'user', content: [{ kind: 'image', url: 'data:image/svg+xml,<svg/>' }] }],
      }),
    },
  ],
  streams: [
    {
      promise: 'streams text, and the prompt with what the cache read and wrote',
      frames: stream(
        start({ input_tokens: 20, cache_read_input_tokens: 300, cache_creation_input_tokens: 4000, output_tokens: 1 }),
        ping,
        open(0, { type: 'text', text: '' }),
        delta(0, { type: 'text_delta', text: 'Grüße, ' }),
        delta(0, { type: 'text_delta', text: '世界 🌍' }),
        delta(0, { type: 'citations_delta', citation: {} }),
        close(0),
        end('end_turn', {
          cache_read_input_tokens: 310,
          output_tokens: 30,
          output_tokens_details: { thinking_tokens: 12 },
        }),
        stop,
      ),
      answer: {
        ...head,
        text: 'Grüße, 世界 🌍',
        finish: { reason: 'stop', native: 'end_turn' },
        usage: {
          promptTokens: 4330,
          cacheReadTokens: 310,
          cacheWriteTokens: 4000,
          completionTokens: 30,
          reasoningTokens: 12,
        },
      },
    },
    {
      promise: 'numbers parallel calls from 0 whatever block they stand in, and gives an empty call its arguments',
      frames: stream(
        start(),
        open(0, { type: 'text', text: '' }),
        delta(0, { type: 'text_delta', text: 'So' }),
        close(0),
        open(1, { type: 'tool_use', id: 'toolu_a', name: 'sum', input: {} }),
        open(3, { type: 'tool_use', id: 'toolu_b', name: 'age', input: {} }),
        json(1, '{"x"'),
        json(3, '{"of":'),
        json(1, ':1}'),
        json(3, '2}'),
        close(1),
        close(3),
        open(4, { type: 'tool_use', id: 'toolu_c', name: 'now', input: {} }),
        json(4, ''),
        close(4),
        end('tool_use'),
        stop,
      ),
      answer: {
        ...head,
        text: 'So',
        toolCalls: [
          { id: 'toolu_a', name: 'sum', arguments: '{"x":1}' },
          { id: 'toolu_b', name: 'age', arguments: '{"of":2}' },
          { id: 'toolu_c', name: 'now', arguments: '{}' },
        ],
        finish: { reason: 'tool_calls', native: 'tool_use' },
        usage: counted,
      },
    },
    {
      promise: 'streams thoughts with their seal, and dark ones',
      frames: stream(
        start(),
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'Let ' }),
        delta(0, { type: 'thinking_delta', thinking: 'me' }),
        delta(0, { type: 'signature_delta', signature: 'seal-1' }),
        close(0),
        open(1, { type: 'redacted_thinking', data: 'dark' }),
        close(1),
        open(2, { type: 'text', text: 'Yes' }),
        close(2),
        end('max_tokens'),
        stop,
      ),
      answer: {
        ...head,
        reasoning: [
          { kind: 'text', text: 'Let me', signature: 'seal-1', format: 'anthropic-claude-v1', index: 0 },
          { kind: 'encrypted', data: 'dark', format: 'anthropic-claude-v1', index: 1 },
        ],
        text: 'Yes',
        finish: { reason: 'length', native: 'max_tokens' },
        usage: counted,
      },
    },
    {
      promise: 'streams a refusal with its explanation, and counts that come late',
      frames: stream(
        start({ input_tokens: 0, output_tokens: 0 }),
        end(
          'refusal',
          { input_tokens: 50, output_tokens: 0, cache_read_input_tokens: null },
          { stop_details: { type: 'refusal', category: 'bio', explanation: 'This could hurt.' } },
        ),
        stop,
      ),
      answer: {
        ...head,
        refusal: 'This could hurt.',
        finish: { reason: 'content_filter', native: 'refusal' },
        usage: { promptTokens: 50, completionTokens: 0 },
      },
    },
    {
      promise: 'drops counts that are none, and says so',
      frames: stream(
        start({ input_tokens: 20, output_tokens: -1 }),
        open(0, { type: 'text', text: 'Yes' }),
        close(0),
        end('end_turn', { input_tokens: '20', output_tokens: 30, cache_read_input_tokens: null }),
        stop,
      ),
      answer: {
        ...head,
        text: 'Yes',
        finish: { reason: 'stop', native: 'end_turn' },
        usage: counted,
        usageInvalid: true,
      },
    },
  ],
  wholes: [
    {
      promise: 'reads a whole message as its stream would have been',
      body: {
        ...start().message,
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 'seal-1' },
          { type: 'redacted_thinking', data: 'dark' },
          { type: 'text', text: 'So' },
          { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
          { type: 'text', text: ' be it' },
          { type: 'tool_use', id: 'toolu_a', name: 'sum', input: { x: 1 } },
          { type: 'tool_use', id: 'toolu_b', name: 'now', input: {} },
        ],
        stop_reason: 'tool_use',
        usage: { input_tokens: 20, output_tokens: 30 },
      },
      answer: {
        ...head,
        text: 'So be it',
        reasoning: [
          { kind: 'text', text: 'Hm', signature: 'seal-1', format: 'anthropic-claude-v1', index: 0 },
          { kind: 'encrypted', data: 'dark', format: 'anthropic-claude-v1', index: 1 },
        ],
        toolCalls: [
          { id: 'toolu_a', name: 'sum', arguments: '{"x":1}' },
          { id: 'toolu_b', name: 'now', arguments: '{}' },
        ],
        finish: { reason: 'tool_calls', native: 'tool_use' },
        usage: counted,
      },
    },
  ],
  broken: [
    {
      promise: 'fails on an overload reported after the answer began',
      frames: stream(start(), open(0, { type: 'text', text: 'Hal' }), errorOf('overloaded_error', 'Overloaded')),
      code: 'upstream_overloaded',
    },
    { promise: 'fails on an error of the API', frames: stream(errorOf('api_error', 'Oops')), code: 'upstream_error' },
    {
      promise: 'fails on a rate limit reported in the stream',
      frames: stream(errorOf('rate_limit_error', 'Slow')),
      code: 'upstream_rate_limited',
    },
  ],
  errors: [
    {
      status: 400,
      body: errorOf('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      code: 'context_length_exceeded',
    },
    { status: 400, body: errorOf('invalid_request_error', 'top_k: too small'), code: 'request_refused_upstream' },
    {
      status: 400,
      body: errorOf('invalid_request_error', 'Your credit balance is too low'),
      code: 'upstream_credential_refused',
    },
    { status: 401, body: errorOf('authentication_error', 'x'), code: 'upstream_credential_refused' },
    { status: 403, body: errorOf('permission_error', 'x'), code: 'upstream_credential_refused' },
    { status: 404, body: errorOf('not_found_error', 'model: x'), code: 'upstream_model_missing' },
    { status: 413, body: errorOf('request_too_large', 'x'), code: 'request_refused_upstream' },
    { status: 429, body: errorOf('rate_limit_error', 'x'), code: 'upstream_rate_limited' },
    { status: 500, body: errorOf('api_error', 'x'), code: 'upstream_error' },
    { status: 504, body: errorOf('timeout_error', 'x'), code: 'upstream_timeout' },
    { status: 529, body: errorOf('overloaded_error', 'x'), code: 'upstream_overloaded' },
  ],
})

function errorOf(type: string, message: string) {
  return { type: 'error', error: { type, message } }
}

function withArguments(written: string): ChatRequest {
  return aRequest({
    messages: [
      { role: 'assistant', content: [], reasoning: [], toolCalls: [{ id: 'a', name: 'sum', arguments: written }] },
    ],
  })
}

const thinkingSaid = (model: string, fields: Partial<ChatRequest>) => {
  const request = aRequest({ maxTokens: 10_000, sampling: { temperature: 0.3 }, ...fields })
  const body = JSON.parse(anthropic.encode(request, model, 's').body) as Record<string, unknown>
  return { thinking: body['thinking'], output_config: body['output_config'], temperature: body['temperature'] }
}

describe('thinking, as each generation takes it', () => {
  const adaptive = { type: 'adaptive', display: 'summarized' }

  it.each([
    ['claude-haiku-4-5', { effort: 'high' }, { type: 'enabled', budget_tokens: 8000 }],
    ['claude-3-7-sonnet-20250219', { maxTokens: 2000 }, { type: 'enabled', budget_tokens: 2000 }],
    ['claude-opus-4-1-20250805', { maxTokens: 90_000 }, { type: 'enabled', budget_tokens: 9999 }],
    ['claude-sonnet-4-20250514', { effort: 'minimal' }, { type: 'enabled', budget_tokens: 1024 }],
    ['claude-sonnet-4-6', { maxTokens: 2000 }, { type: 'enabled', budget_tokens: 2000 }],
    ['claude-haiku-4-5', { effort: 'none' }, undefined],
    ['claude-opus-5', { enabled: false }, { type: 'disabled' }],
    ['some-other-maker', { enabled: true }, { type: 'enabled', budget_tokens: 5000 }],
  ] as const)('%s with %o', (model, reasoning, thinking) => {
    expect(thinkingSaid(model, { reasoning }).thinking).toEqual(thinking)
  })

  it.each([
    ['claude-sonnet-4-6', { effort: 'xhigh' }, adaptive, { effort: 'high' }],
    ['claude-opus-4-8', { effort: 'minimal' }, adaptive, { effort: 'low' }],
    ['claude-opus-5', { enabled: true, exclude: true }, { type: 'adaptive', display: 'omitted' }, undefined],
    ['claude-sonnet-5', { maxTokens: 5000 }, adaptive, { effort: 'medium' }],
    ['claude-opus-5-5', { effort: 'none' }, undefined, { effort: 'low' }],
    ['claude-fable-5', { effort: 'none' }, undefined, { effort: 'low' }],
    ['claude-mythos-preview', { effort: 'max' }, adaptive, { effort: 'max' }],
  ] as const)('%s with %o by effort', (model, reasoning, thinking, output) => {
    const { temperature, ...rest } = thinkingSaid(model, { reasoning })
    expect(rest).toEqual({ thinking, output_config: output })
    expect(temperature).toBeUndefined()
  })

  it('keeps temperature away from thinking, and from models that take none', () => {
    expect(thinkingSaid('claude-haiku-4-5', {}).temperature).toBe(0.3)
    expect(thinkingSaid('claude-haiku-4-5', { reasoning: { effort: 'low' } }).temperature).toBeUndefined()
    expect(thinkingSaid('claude-opus-4-7', {}).temperature).toBeUndefined()
  })

  it('gives way to a forced tool and to an answer too short to think in', () => {
    const tools = [{ name: 'sum' }]
    const reasoning = { effort: 'high' } as const
    expect(thinkingSaid('claude-haiku-4-5', { reasoning, tools, toolChoice: { name: 'sum' } }).thinking).toBeUndefined()
    expect(thinkingSaid('claude-haiku-4-5', { reasoning, maxTokens: 1024 }).thinking).toBeUndefined()
    expect(thinkingSaid('claude-haiku-4-5', { reasoning, maxTokens: 1025 }).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 1024,
    })
  })

  it.each([
    ['none', undefined, { type: 'none' }],
    ['auto', undefined, { type: 'auto' }],
    [{ name: 'sum' }, undefined, { type: 'tool', name: 'sum' }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    ['none', false, { type: 'none' }],
    [undefined, true, undefined],
  ] as const)('says tool choice %o, parallel %o', (toolChoice, parallelToolCalls, said) => {
    const request = aRequest({
      tools: [{ name: 'sum' }],
      ...(toolChoice !== undefined && { toolChoice }),
      ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    })
    const body = JSON.parse(anthropic.encode(request, MODEL, 's').body) as Record<string, unknown>
    expect(body['tool_choice']).toEqual(said)
  })
})
