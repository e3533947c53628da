import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '@turnpike/domain'
import { aRequest, describeAdapter, sse } from '../adapter.contract.ts'
import { gather } from '../gather.contract.ts'
import { google } from './adapter.ts'

const MODEL = 'gemini-2.5-flash'
const PATH = '/models/gemini-2.5-flash:streamGenerateContent?alt=sse'
const FORMAT = 'google-gemini-v1'
const text = (value: string) => ({ kind: 'text', text: value }) as const
const hello = [{ role: 'user', parts: [{ text: 'Hello' }] }]

function response(parts: readonly object[], finishReason?: string, usageMetadata?: object) {
  return {
    responseId: 'resp-7',
    modelVersion: 'gemini-m',
    candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
    ...(usageMetadata && { usageMetadata }),
  }
}
const head = { upstreamId: 'resp-7', upstreamModel: 'gemini-m' }
const usageMetadata = {
  promptTokenCount: 100,
  cachedContentTokenCount: 64,
  candidatesTokenCount: 28,
  thoughtsTokenCount: 12,
  totalTokenCount: 140,
}
const counted = { promptTokens: 100, completionTokens: 40, cacheReadTokens: 64, reasoningTokens: 12 }

describeAdapter(google, {
  unknownEvent: 'data: {"novelty":{"text":"no"}}',
  requests: [
    {
      promise: 'says the prompt, the system prompt and the sampling',
      model: MODEL,
      path: PATH,
      request: aRequest({
        maxTokens: 100,
        sampling: {
          temperature: 0.2,
          topP: 0.9,
          topK: 5,
          seed: 3,
          stop: ['.'],
          presencePenalty: 1,
          frequencyPenalty: 2,
        },
        extra: { service_tier: 'flex' },
        messages: [
          { role: 'system', content: [text('Rules')] },
          { role: 'user', content: [text('Hello'), text('')] },
          { role: 'developer', content: [text('More rules')] },
        ],
      }),
      body: {
        contents: hello,
        systemInstruction: { parts: [{ text: 'Rules' }, { text: 'More rules' }] },
        generationConfig: {
          maxOutputTokens: 100,
          temperature: 0.2,
          topP: 0.9,
          topK: 5,
          seed: 3,
          stopSequences: ['.'],
          presencePenalty: 1,
          frequencyPenalty: 2,
        },
      },
    },
    {
      promise: 'asks for a whole answer at the other address',
      model: 'tunedModels/mine',
      path: '/tunedModels/mine:generateContent',
      request: aRequest({ stream: false }),
      body: { contents: hello, generationConfig: {} },
    },
    {
      promise: 'matches results to calls by name and puts every seal back on its part',
      model: 'gemini-3-pro',
      path: '/models/gemini-3-pro:streamGenerateContent?alt=sse',
      request: aRequest({
        tools: [
          { name: 'sum', description: 'Adds.', parameters: { type: 'object', properties: { x: { type: 'number' } } } },
          { name: 'now' },
        ],
        toolChoice: { name: 'sum' },
        messages: [
          { role: 'user', content: [text('Hello')] },
          {
            role: 'assistant',
            content: [text('So')],
            reasoning: [
              { kind: 'text', text: 'not replayed', format: FORMAT },
              { kind: 'encrypted', data: 'seal-text', format: FORMAT },
              { kind: 'encrypted', data: 'seal-b', format: FORMAT, id: 'b' },
              { kind: 'encrypted', data: 'foreign', format: 'anthropic-claude-v1', id: 'a' },
            ],
            toolCalls: [
              { id: 'a', name: 'sum', arguments: '{"x":1}' },
              { id: 'b', name: 'now', arguments: '' },
              { id: 'c', name: 'now', arguments: '' },
            ],
          },
          { role: 'tool', toolCallId: 'a', content: [text('{"sum":1}')] },
          {
            role: 'tool',
            toolCallId: 'b',
            content: [text('{noon'), { kind: 'image', url: 'https://a.example/b.png' }],
          },
          { role: 'user', content: [text('Go on')] },
        ],
      }),
      body: {
        contents: [
          ...hello,
          {
            role: 'model',
            parts: [
              { text: 'So', thoughtSignature: 'seal-text' },
              {
                functionCall: { id: 'a', name: 'sum', args: { x: 1 } },
                thoughtSignature: 'skip_thought_signature_validator',
              },
              { functionCall: { id: 'b', name: 'now', args: {} }, thoughtSignature: 'seal-b' },
              { functionCall: { id: 'c', name: 'now', args: {} } },
            ],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { id: 'a', name: 'sum', response: { sum: 1 } } },
              { functionResponse: { id: 'b', name: 'now', response: { result: '{noon' } } },
              { fileData: { fileUri: 'https://a.example/b.png' } },
            ],
          },
          { role: 'user', parts: [{ text: 'Go on' }] },
        ],
        tools: [
          {
            functionDeclarations: [
              {
                name: 'sum',
                description: 'Adds.',
                parametersJsonSchema: { type: 'object', properties: { x: { type: 'number' } } },
              },
              { name: 'now' },
            ],
          },
        ],
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['sum'] } },
        generationConfig: {},
      },
    },
    {
      promise: 'gives a seal that lost its call to the first call, and one without text a part of its own',
      model: MODEL,
      path: PATH,
      request: aRequest({
        messages: [
          {
            role: 'assistant',
            content: [],
            reasoning: [
              { kind: 'encrypted', data: 'seal-a', format: FORMAT, id: 'gone' },
              { kind: 'encrypted', data: 'seal-text', format: FORMAT },
            ],
            toolCalls: [{ id: 'a', name: 'sum', arguments: '{}' }],
          },
        ],
      }),
      body: {
        contents: [
          {
            role: 'model',
            parts: [
              { text: '', thoughtSignature: 'seal-text' },
              { functionCall: { id: 'a', name: 'sum', args: {} }, thoughtSignature: 'seal-a' },
            ],
          },
        ],
        generationConfig: {},
      },
    },
    {
      promise: 'says images by address and inline, audio, files and a cleaned schema',
      model: MODEL,
      path: PATH,
      request: aRequest({
        responseFormat: {
          kind: 'json_schema',
          name: 'answer',
          schema: { $schema: 'x', type: 'object', properties: {}, additionalProperties: false },
        },
        messages: [
          {
            role: 'user',
            content: [
              { kind: 'image', url: 'https://a.example/b.png' },
              { kind: 'image', url: 'data:image/png;base64,AAAA' },
              { kind: 'audio', data: 'BBBB', format: 'wav' },
              { kind: 'file', data: 'data:application/pdf;base64,CCCC' },
            ],
          },
        ],
      }),
      body: {
        contents: [
          {
            role: 'user',
            parts: [
              { fileData: { fileUri: 'https://a.example/b.png' } },
              { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
              { inlineData: { mimeType: 'audio/wav', data: 'BBBB' } },
              { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } },
            ],
          },
        ],
        generationConfig: { responseMimeType: 'application/json', responseJsonSchema: { type: 'object' } },
      },
    },
  ],
  unsayable: [
    {
      promise: 'a conversation without a word',
      request: aRequest({ messages: [{ role: 'user', content: [text('')] }] }),
    },
    {
      promise: 'a tool result that answers no call',
      request: aRequest({ messages: [{ role: 'tool', toolCallId: 'a', content: [text('1')] }] }),
    },
    {
      promise: 'arguments that are not JSON',
      request: aRequest({
        messages: [
          { role: 'assistant', content: [], reasoning: [], toolCalls: [{ id: 'a', name: 'sum', arguments: '{' }] },
        ],
      }),
    },
  ],
  streams: [
    {
      promise: 'streams text, thoughts and usage, with thoughts counted into the completion',
      frames: sse(
        response([{ text: 'Let me', thought: true }], undefined, { promptTokenCount: 100, thoughtsTokenCount: 2 }),
        response([{ text: 'Grüße, ' }]),
        response([{ text: '世界 🌍' }]),
        response([{ text: '', thoughtSignature: 'seal-text' }], 'STOP', usageMetadata),
      ),
      answer: {
        ...head,
        text: 'Grüße, 世界 🌍',
        reasoning: [
          { kind: 'text', text: 'Let me', format: FORMAT },
          { kind: 'encrypted', data: 'seal-text', format: FORMAT },
        ],
        finish: { reason: 'stop', native: 'STOP' },
        usage: counted,
      },
    },
    {
      promise: 'streams parallel calls, with ids of their own and the seal on the first',
      frames: sse(
        response([
          { functionCall: { name: 'sum', args: { x: 1 } }, thoughtSignature: 'seal-a' },
          { functionCall: { name: 'sum', args: { x: 2 } } },
        ]),
        response([{ functionCall: { id: 'own', name: 'now' } }], 'STOP'),
      ),
      answer: {
        ...head,
        reasoning: [{ kind: 'encrypted', data: 'seal-a', format: FORMAT, id: 'call_resp-7_0' }],
        toolCalls: [
          { id: 'call_resp-7_0', name: 'sum', arguments: '{"x":1}' },
          { id: 'call_resp-7_1', name: 'sum', arguments: '{"x":2}' },
          { id: 'own', name: 'now', arguments: '{}' },
        ],
        finish: { reason: 'tool_calls', native: 'STOP' },
      },
    },
    ...(
      [
        ['MAX_TOKENS', 'length'],
        ['SAFETY', 'content_filter'],
        ['RECITATION', 'content_filter'],
        ['MALFORMED_FUNCTION_CALL', 'error'],
      ] as const
    ).map(([native, reason]) => ({
      promise: `ends with ${native} as ${reason}`,
      frames: sse(response([{ text: 'So' }]), { ...head, candidates: [{ finishReason: native }] }),
      answer: { ...head, text: 'So', finish: { reason, native } },
    })),
  ],
  wholes: [
    {
      promise: 'reads a whole answer, drops a count that is none, and says so',
      body: response(
        [{ text: 'Hm', thought: true }, { text: 'So' }, { text: ' be it' }, { inlineData: { mimeType: 'image/png' } }],
        'STOP',
        { promptTokenCount: 7, toolUsePromptTokenCount: 3, candidatesTokenCount: -1, thoughtsTokenCount: 5 },
      ),
      answer: {
        ...head,
        text: 'So be it',
        reasoning: [{ kind: 'text', text: 'Hm', format: FORMAT }],
        finish: { reason: 'stop', native: 'STOP' },
        usage: { promptTokens: 10, completionTokens: 5, reasoningTokens: 5 },
        usageInvalid: true,
      },
    },
  ],
  broken: [
    {
      promise: 'refuses a prompt that was blocked',
      frames: sse({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 9 } }),
      code: 'content_refused',
    },
    {
      promise: 'fails on an error event after the answer began',
      frames: sse(response([{ text: 'Hal' }]), errorOf(503, 'UNAVAILABLE', 'The model is overloaded.')),
      code: 'upstream_overloaded',
    },
  ],
  errors: [
    {
      status: 400,
      body: errorOf(
        400,
        'INVALID_ARGUMENT',
        'The input token count (9) exceeds the maximum number of tokens allowed (8).',
      ),
      code: 'context_length_exceeded',
    },
    { status: 400, body: errorOf(400, 'INVALID_ARGUMENT', 'Unknown name "x"'), code: 'request_refused_upstream' },
    {
      status: 400,
      body: errorOf(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
      ]),
      code: 'upstream_credential_refused',
    },
    { status: 403, body: errorOf(403, 'PERMISSION_DENIED', 'x'), code: 'upstream_credential_refused' },
    { status: 404, body: errorOf(404, 'NOT_FOUND', 'x'), code: 'upstream_model_missing' },
    { status: 429, body: errorOf(429, 'RESOURCE_EXHAUSTED', 'x'), code: 'upstream_rate_limited' },
    { status: 500, body: errorOf(500, 'INTERNAL', 'x'), code: 'upstream_error' },
    { status: 503, body: errorOf(503, 'UNAVAILABLE', 'x'), code: 'upstream_overloaded' },
    { status: 504, body: errorOf(504, 'DEADLINE_EXCEEDED', 'x'), code: 'upstream_timeout' },
  ],
})

function errorOf(code: number, status: string, message: string, details: readonly object[] = []) {
  return { error: { code, status, message, details } }
}

const thinkingOf = (model: string, fields: Partial<ChatRequest>): unknown =>
  (JSON.parse(google.encode(aRequest(fields), model, 's').body) as { generationConfig: Record<string, unknown> })
    .generationConfig['thinkingConfig']

const idOf = () => {
  const whole = { candidates: [{ content: { parts: [{ functionCall: { name: 'now' } }] }, finishReason: 'STOP' }] }
  return gather([google.decodeWhole(whole)]).toolCalls?.[0]?.id
}

describe('the google dialect beyond the contract', () => {
  it.each([
    ['gemini-2.5-flash', { effort: 'medium' }, { includeThoughts: true, thinkingBudget: 5000 }],
    ['gemini-2.5-flash', { effort: 'none' }, { includeThoughts: false, thinkingBudget: 0 }],
    ['gemini-2.5-pro', { effort: 'none' }, { includeThoughts: false, thinkingBudget: 128 }],
    ['gemini-2.5-flash', { maxTokens: 90_000, exclude: true }, { includeThoughts: false, thinkingBudget: 24_576 }],
    ['gemini-2.5-flash', { enabled: true }, { includeThoughts: true }],
    ['gemini-3-pro', { effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'low' }],
    ['gemini-3.8-flash', { effort: 'max' }, { includeThoughts: true, thinkingLevel: 'high' }],
    ['gemini-flash-latest', { effort: 'low' }, { includeThoughts: true, thinkingLevel: 'low' }],
    ['gemma-9', { effort: 'low' }, { includeThoughts: true, thinkingBudget: 2000 }],
    ['gemini-3.8-flash', { maxTokens: 700 }, { includeThoughts: true, thinkingBudget: 700 }],
    ['gemini-3.8-flash', { enabled: false }, { includeThoughts: false, thinkingLevel: 'minimal' }],
  ] as const)('%s thinks with %o', (model, reasoning, config) => {
    expect(thinkingOf(model, { maxTokens: 10_000, reasoning })).toEqual(config)
  })

  it('makes ids that no other answer has when the answer has none either', () => {
    expect(idOf()).not.toBe(idOf())
  })

  it('embeds texts in one batch, and no token numbers', () => {
    const encoded = google.embeddings?.encode({ input: ['a'], dimensions: 8, extra: {} }, 'e-1', 's')
    expect(encoded?.path).toBe('/models/e-1:batchEmbedContents')
    expect(JSON.parse(encoded?.body ?? '')).toEqual({
      requests: [{ model: 'models/e-1', content: { parts: [{ text: 'a' }] }, outputDimensionality: 8 }],
    })
    expect(google.embeddings?.decode({ embeddings: [{ values: [1] }, { values: [2] }] })).toEqual({
      vectors: [[1], [2]],
      promptTokens: undefined,
    })
    const odd = { embeddings: [{ values: [1] }], usageMetadata: { promptTokenCount: -1 } }
    expect(google.embeddings?.decode(odd)).toEqual({
      vectors: [[1]],
      promptTokens: undefined,
      usageInvalid: true,
    })
    expect(() => google.embeddings?.encode({ input: [[1]], extra: {} }, 'e-1', 's')).toThrow('not token numbers')
    expect(() => google.embeddings?.decode({ embeddings: [{}] })).toThrow('not one')
  })
})
