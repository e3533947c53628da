import { describe, expect, it } from 'vitest'
import { aRequest, describeAdapter, sse } from '../adapter.contract.ts'
import { gather } from '../gather.contract.ts'
import { compatible } from './adapter.ts'
import { HABITS } from './habits.ts'

const openai = compatible(HABITS.get('openai') ?? {})
const PATH = '/chat/completions'
const text = (value: string) => ({ kind: 'text', text: value }) as const

function chunk(delta: object, finish: string | null = null, more: object = {}) {
  return { id: 'chatcmpl-7', model: 'm-1', choices: [{ index: 0, delta, finish_reason: finish }], ...more }
}
const head = { upstreamId: 'chatcmpl-7', upstreamModel: 'm-1' }
const usage = {
  prompt_tokens: 100,
  completion_tokens: 40,
  total_tokens: 140,
  prompt_tokens_details: { cached_tokens: 64 },
  completion_tokens_details: { reasoning_tokens: 12 },
}
const counted = { promptTokens: 100, completionTokens: 40, cacheReadTokens: 64, reasoningTokens: 12 }
const piece = (index: number, fields: object) => ({ tool_calls: [{ index, ...fields }] })

describeAdapter(openai, {
  unknownEvent: 'event: heartbeat\ndata: {"beat":1}',
  requests: [
    {
      promise: 'asks for usage in a stream and bounds the answer by the newer name',
      model: 'm-1',
      path: PATH,
      request: aRequest({ maxTokens: 9, sampling: { temperature: 0, topK: 4, stop: ['.'] }, user: 'u-1' }),
      body: {
        model: 'm-1',
        messages: [{ role: 'user', content: 'Hello' }],
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 9,
        temperature: 0,
        stop: ['.'],
        user: 'u-1',
      },
    },
    {
      promise: 'passes unknown fields of the caller on, but never over what the hub says',
      model: 'm-1',
      path: PATH,
      request: aRequest({ stream: false, extra: { verbosity: 'low', model: 'other', stream: true } }),
      body: { verbosity: 'low', model: 'm-1', stream: false, messages: [{ role: 'user', content: 'Hello' }] },
    },
    {
      promise: 'says tools, a forced choice and a conversation with parallel calls',
      model: 'm-1',
      path: PATH,
      request: aRequest({
        stream: false,
        tools: [{ name: 'sum', description: 'Adds.', parameters: { type: 'object' }, strict: true }],
        toolChoice: { name: 'sum' },
        parallelToolCalls: false,
        reasoning: { effort: 'max' },
        messages: [
          { role: 'developer', content: [text('Be brief.')] },
          {
            role: 'assistant',
            content: [],
            reasoning: [{ kind: 'encrypted', data: 'seal', format: 'anthropic-claude-v1' }],
            toolCalls: [
              { id: 'c1', name: 'sum', arguments: '{"a":1}' },
              { id: 'c2', name: 'sum', arguments: '' },
            ],
          },
          { role: 'tool', toolCallId: 'c1', content: [text('1')] },
          { role: 'tool', toolCallId: 'c2', content: [text('0')] },
        ],
      }),
      body: {
        model: 'm-1',
        stream: false,
        reasoning_effort: 'xhigh',
        tools: [
          {
            type: 'function',
            function: { name: 'sum', description: 'Adds.', parameters: { type: 'object' }, strict: true },
          },
        ],
        tool_choice: { type: 'function', function: { name: 'sum' } },
        parallel_tool_calls: false,
        messages: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'c1', type: 'function', function: { name: 'sum', arguments: '{"a":1}' } },
              { id: 'c2', type: 'function', function: { name: 'sum', arguments: '' } },
            ],
          },
          { role: 'tool', tool_call_id: 'c1', content: '1' },
          { role: 'tool', tool_call_id: 'c2', content: '0' },
        ],
      },
    },
    {
      promise: 'says images by address and inline, audio, files and a schema',
      model: 'm-1',
      path: PATH,
      request: aRequest({
        stream: false,
        responseFormat: { kind: 'json_schema', name: 'answer', strict: true, schema: { type: 'object' } },
        messages: [
          {
            role: 'user',
            content: [
              text('Look'),
              { kind: 'image', url: 'https://a.example/b.png', detail: 'low' },
              { kind: 'image', url: 'data:image/png;base64,AAAA' },
              { kind: 'audio', data: 'BBBB', format: 'wav' },
              { kind: 'file', data: 'data:application/pdf;base64,CCCC', filename: 'd.pdf' },
            ],
          },
        ],
      }),
      body: {
        model: 'm-1',
        stream: false,
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
        },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Look' },
              { type: 'image_url', image_url: { url: 'https://a.example/b.png', detail: 'low' } },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
              { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
              { type: 'file', file: { filename: 'd.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
            ],
          },
        ],
      },
    },
  ],
  unsayable: [],
  streams: [
    {
      promise: 'streams text with characters of every width, and usage after the end',
      frames: sse(
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Grüße, ' }),
        chunk({ content: '世界 🌍' }),
        chunk({}, 'stop'),
        { id: 'chatcmpl-7', model: 'm-1', choices: [], usage },
        '[DONE]',
        '[DONE]',
      ),
      answer: { ...head, text: 'Grüße, 世界 🌍', finish: { reason: 'stop', native: 'stop' }, usage: counted },
    },
    {
      promise: 'streams parallel tool calls whose arguments interleave',
      frames: sse(
        chunk(piece(0, { id: 'a', type: 'function', function: { name: 'sum', arguments: '' } })),
        chunk(piece(1, { id: 'b', type: 'function', function: { name: 'age', arguments: '{"of"' } })),
        chunk(piece(0, { function: { arguments: '{"x":1}' } })),
        chunk(piece(1, { function: { arguments: ':2}' } })),
        chunk({}, 'tool_calls'),
      ),
      answer: {
        ...head,
        toolCalls: [
          { id: 'a', name: 'sum', arguments: '{"x":1}' },
          { id: 'b', name: 'age', arguments: '{"of":2}' },
        ],
        finish: { reason: 'tool_calls', native: 'tool_calls' },
      },
    },
    {
      promise: 'numbers calls from 0 when the server counts from 1 and ends with stop',
      frames: sse(
        chunk(piece(1, { id: 'a', function: { name: 'sum', arguments: '{}' } })),
        chunk(piece(2, { id: 'b', function: { name: 'age', arguments: '{}' } })),
        chunk({}, 'stop'),
      ),
      answer: {
        ...head,
        toolCalls: [
          { id: 'a', name: 'sum', arguments: '{}' },
          { id: 'b', name: 'age', arguments: '{}' },
        ],
        finish: { reason: 'tool_calls', native: 'stop' },
      },
    },
    {
      promise: 'tells calls apart that all claim to be number 0',
      frames: sse(
        chunk(piece(0, { id: 'a', function: { name: 'sum', arguments: '{}' } })),
        chunk(piece(0, { id: 'b', function: { name: 'sum', arguments: '{"x"' } })),
        chunk(piece(0, { id: 'b', function: { arguments: ':1}' } })),
        chunk({}, 'tool_calls'),
      ),
      answer: {
        ...head,
        toolCalls: [
          { id: 'a', name: 'sum', arguments: '{}' },
          { id: 'b', name: 'sum', arguments: '{"x":1}' },
        ],
        finish: { reason: 'tool_calls', native: 'tool_calls' },
      },
    },
    {
      promise: 'reads calls without numbers and ids, and names them by the answer',
      frames: sse(
        chunk({ tool_calls: [{ function: { name: 'sum', arguments: '{"x"' } }] }),
        chunk({ tool_calls: [{ function: { arguments: ':1}' } }] }),
        chunk({ tool_calls: [{ function: { name: 'age', arguments: { of: 2 } } }] }, 'tool_calls'),
      ),
      answer: {
        ...head,
        toolCalls: [
          { id: 'call_chatcmpl-7_0', name: 'sum', arguments: '{"x":1}' },
          { id: 'call_chatcmpl-7_1', name: 'age', arguments: '{"of":2}' },
        ],
        finish: { reason: 'tool_calls', native: 'tool_calls' },
      },
    },
    {
      promise: 'reads the function call of old',
      frames: sse(
        chunk({ function_call: { name: 'sum', arguments: '' } }),
        chunk({ function_call: { arguments: '{}' } }),
        chunk({}, 'function_call'),
      ),
      answer: {
        ...head,
        toolCalls: [{ id: 'call_chatcmpl-7_0', name: 'sum', arguments: '{}' }],
        finish: { reason: 'tool_calls', native: 'function_call' },
      },
    },
    {
      promise: 'reads thoughts under both names and a refusal',
      frames: sse(
        chunk({ reasoning_content: 'Hm, ' }),
        chunk({ reasoning: 'no.', refusal: 'I will not.' }),
        chunk({}, 'content_filter'),
      ),
      answer: {
        ...head,
        reasoning: [{ kind: 'text', text: 'Hm, no.', format: 'unknown' }],
        refusal: 'I will not.',
        finish: { reason: 'content_filter', native: 'content_filter' },
      },
    },
    {
      promise: 'reads thoughts that stand among the content, and an end at the bound',
      frames: sse(
        chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }),
        chunk({ content: [{ type: 'text', text: 'Well' }] }, 'length'),
      ),
      answer: {
        ...head,
        reasoning: [{ kind: 'text', text: 'Hm.', format: 'unknown' }],
        text: 'Well',
        finish: { reason: 'length', native: 'length' },
      },
    },
    {
      promise: 'reads one choice only, drops counts that are none, and says so',
      frames: sse(
        {
          id: 'chatcmpl-7',
          model: 'm-1',
          choices: [
            { index: 1, delta: { content: 'other' } },
            { index: 0, delta: { content: 'mine' } },
          ],
        },
        chunk({}, 'eos', {
          usage: {
            prompt_tokens: -1,
            completion_tokens: 0,
            prompt_tokens_details: null,
            completion_tokens_details: { reasoning_tokens: '9' },
          },
        }),
      ),
      answer: {
        ...head,
        text: 'mine',
        finish: { reason: 'stop', native: 'eos' },
        usage: { completionTokens: 0 },
        usageInvalid: true,
      },
    },
    {
      promise: 'counts reasoning once when the total shows that it stands beside the completion',
      frames: sse(
        chunk({ content: 'Hi' }),
        chunk({}, 'stop', {
          usage: {
            prompt_tokens: 10,
            completion_tokens: 4,
            total_tokens: 34,
            prompt_cache_hit_tokens: 8,
            completion_tokens_details: { reasoning_tokens: 20 },
          },
        }),
      ),
      answer: {
        ...head,
        text: 'Hi',
        finish: { reason: 'stop', native: 'stop' },
        usage: { promptTokens: 10, completionTokens: 24, cacheReadTokens: 8, reasoningTokens: 20 },
      },
    },
  ],
  wholes: [
    {
      promise: 'reads a whole answer with text, calls, logprobs and usage',
      body: {
        id: 'chatcmpl-7',
        model: 'm-1',
        choices: [
          {
            index: 0,
            finish_reason: 'tool_calls',
            logprobs: { content: [] },
            message: {
              role: 'assistant',
              content: 'So',
              tool_calls: [
                { id: 'a', type: 'function', function: { name: 'sum', arguments: '{}' } },
                { id: 'b', type: 'function', function: { name: 'sum', arguments: '{}' } },
              ],
            },
          },
        ],
        usage,
      },
      answer: {
        ...head,
        text: 'So',
        toolCalls: [
          { id: 'a', name: 'sum', arguments: '{}' },
          { id: 'b', name: 'sum', arguments: '{}' },
        ],
        logprobs: { content: [] },
        finish: { reason: 'tool_calls', native: 'tool_calls' },
        usage: counted,
      },
    },
  ],
  broken: [
    {
      promise: 'fails on an error event after the answer began',
      frames: sse(chunk({ content: 'Hal' }), { error: { message: 'Slow down', type: 'rate_limit_error', code: null } }),
      code: 'upstream_rate_limited',
    },
    {
      promise: 'fails on an error event that has no name',
      frames: sse(chunk({ content: 'Hal' }), { error: 'worker died' }),
      code: 'upstream_error',
    },
    {
      promise: 'fails on the bare error object of vLLM',
      frames: sse({ object: 'error', message: "This model's maximum context length is 8 tokens.", code: 400 }),
      code: 'context_length_exceeded',
    },
  ],
  errors: [
    {
      status: 400,
      body: { error: { message: 'Bad n', type: 'invalid_request_error' } },
      code: 'request_refused_upstream',
    },
    {
      status: 400,
      body: { error: { message: 'x', code: 'context_length_exceeded' } },
      code: 'context_length_exceeded',
    },
    { status: 400, body: { error: { message: 'x', code: 'content_policy_violation' } }, code: 'content_refused' },
    { status: 400, body: { error: { message: 'x', code: 'model_not_found' } }, code: 'upstream_model_missing' },
    { status: 401, body: { error: { message: 'x', code: 'invalid_api_key' } }, code: 'upstream_credential_refused' },
    { status: 429, body: { error: { message: 'x', type: 'insufficient_quota' } }, code: 'upstream_rate_limited' },
    {
      status: 503,
      body: { error: { message: 'The engine is overloaded', type: 'overloaded' } },
      code: 'upstream_overloaded',
    },
    { status: 500, body: { error: { message: 'x', type: 'server_error' } }, code: 'upstream_error' },
  ],
})

describe('the openai dialect beyond the contract', () => {
  it('keeps every frame as it came, for a caller of the same dialect', () => {
    const frame = chunk({ content: 'Hi', annotations: [1] })
    expect(openai.decoder().push({ event: undefined, data: JSON.stringify(frame) })?.wire).toEqual(frame)
  })

  it('leaves out what a provider refuses and replays thoughts to one that wants them', () => {
    const request = aRequest({
      sampling: { seed: 1, topK: 2, logitBias: { 5: 1 } },
      messages: [
        {
          role: 'assistant',
          content: [text('So')],
          toolCalls: [],
          reasoning: [
            { kind: 'text', text: 'Hm.', format: 'unknown' },
            { kind: 'text', text: 'foreign', format: 'anthropic-claude-v1' },
          ],
        },
      ],
    })
    const said = (slug: string): unknown =>
      JSON.parse(compatible(HABITS.get(slug) ?? {}).encode(request, 'm', 's').body)
    expect(said('mistral')).toEqual({ model: 'm', stream: true, messages: [{ role: 'assistant', content: 'So' }] })
    expect(said('deepseek')).toMatchObject({
      seed: 1,
      messages: [{ role: 'assistant', content: 'So', reasoning_content: 'Hm.' }],
    })
    expect(said('deepseek')).not.toHaveProperty('top_k')
    expect(said('generic')).toMatchObject({ seed: 1, top_k: 2, logit_bias: { 5: 1 } })
  })

  it('sends no credential where none is set', () => {
    expect(compatible({}).encode(aRequest(), 'm', '').headers).toEqual({})
  })

  it('reads vectors back in the order of the texts', () => {
    const vectors = openai.embeddings?.decode({
      data: [
        { index: 1, embedding: [2] },
        { index: 0, embedding: 'AAAA' },
      ],
      usage: { prompt_tokens: 3 },
    })
    expect(vectors).toEqual({ vectors: ['AAAA', [2]], promptTokens: 3 })
    const odd = { data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: '3' } }
    expect(openai.embeddings?.decode(odd)).toEqual({ vectors: [[1]], promptTokens: undefined, usageInvalid: true })
    const repeated = {
      data: [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [2] },
      ],
    }
    expect(() => openai.embeddings?.decode(repeated)).toThrow('wrong numbers')
    const encoded = openai.embeddings?.encode({ input: ['a'], dimensions: 8, extra: {} }, 'e-1', 's')
    expect(encoded).toMatchObject({ path: '/embeddings', body: '{"model":"e-1","input":["a"],"dimensions":8}' })
  })

  it('is done at a finish reason even when no [DONE] follows', () => {
    const decoder = openai.decoder()
    const last = decoder.push({ event: undefined, data: JSON.stringify(chunk({ content: 'Hi' }, 'stop')) })
    expect(decoder.done).toBe(true)
    expect(gather(last ? [last] : []).text).toBe('Hi')
  })
})
