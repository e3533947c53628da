import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '@turnpike/domain'
import { limitMs } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { readBody } from '../../http/body.ts'
import { parse } from '../../http/parse.ts'
import { completionBody } from '../chat/completion.schema.ts'
import { embeddingBody } from '../embeddings/embeddings.schema.ts'
import { explainBody } from '../explain/explain.schema.ts'
import { presetContentOf } from '../presets/presets.schema.ts'
import { chatBody } from './chat.schema.ts'

/** As long as a refused body may hold up everybody else's requests; the aim is a tenth of it. */
const STALL_MS_MAX = 500

/** Nearly as many elements as a body may have. */
const many = (element: unknown, count = 199_000) => Array.from({ length: count }, () => element)
const chat = (over: object) => ({ model: 'a/b', messages: [{ role: 'user', content: 'x' }], ...over })
const said = (over: object) => ({ model: 'a/b', messages: [{ role: 'assistant', content: 'x', ...over }] })
/** Lists below their own bounds, whose elements are nearly as many as a body may have. */
const lists = (element: unknown) => many(many(element, 2_000), 98)

const CHATS: readonly (readonly [string, object])[] = [
  ['messages', chat({ messages: many(0) })],
  ['messages', chat({ messages: many({}, 99_000) })],
  ['messages[0].content', said({ content: many(0) })],
  ['messages[0].content[0]', chat({ messages: lists(0).map((content) => ({ role: 'user', content })) })],
  ['messages[0].tool_calls', said({ tool_calls: many({}, 99_000) })],
  ['messages[0].tool_calls[0].id', chat({ messages: many({ role: 'assistant', tool_calls: many({}, 250) }, 390) })],
  ['messages[0].reasoning_details', said({ reasoning_details: many(0) })],
  ['tools', chat({ tools: many({}, 99_000) })],
  ['stop', chat({ stop: many('') })],
  ['models', chat({ models: many('') })],
  ['provider.order', chat({ provider: { order: many('') } })],
  ['provider.quantizations', chat({ provider: { quantizations: many('x') } })],
  ['logit_bias', chat({ logit_bias: Object.fromEntries(many('x', 66_000).map((bias, i) => [i, bias])) })],
]

const BODIES: readonly (readonly [string, z.ZodType, readonly (readonly [string, object])[]])[] = [
  ['chat', chatBody, CHATS],
  ['completion', completionBody, [['prompt', { model: 'a/b', prompt: many(0) }]]],
  [
    'embedding',
    embeddingBody,
    [
      ['input', { model: 'a/b', input: many('x') }],
      ['input', { model: 'a/b', input: many(-1) }],
      ['input[0]', { model: 'a/b', input: many('').slice(0, 2_048) }],
      ['input[97][1999]', { model: 'a/b', input: [...many(many(1, 2_000), 97), [...many(1, 1_999), -1]] }],
    ],
  ],
  ['explanation', explainBody, [['assume_down', chat({ assume_down: many('') })], ...CHATS]],
]

/** The parameter that a refusal names, its message, and how long it took. */
function refused(read: () => unknown) {
  const begunMs = performance.now()
  try {
    read()
  } catch (thrown) {
    const tookMs = performance.now() - begunMs
    if (thrown instanceof Fault)
      return { param: thrown.facts.param, code: thrown.code, message: thrown.message, tookMs }
    throw thrown
  }
  throw new Error('it was taken')
}

describe.each(BODIES)('the body of a %s', (_name, schema, bodies) => {
  it.each(bodies)('that is wrong all over in %s is refused in a moment', (param, body) => {
    const bytes = Buffer.from(JSON.stringify(body))
    const found = refused(() => parse(schema, readBody(bytes)))
    expect(found).toMatchObject({ code: 'request_invalid', param })
    expect(found.message.length).toBeLessThan(500)
    expect(found.tookMs).toBeLessThan(limitFor(found.tookMs))
  })
})

it('a preset is made of no such body either', () => {
  const { param, tookMs } = refused(() => presetContentOf('mine', chat({ tools: many({}, 99_000) })))
  expect(param).toBe('tools')
  expect(tookMs).toBeLessThan(limitFor(tookMs))
})

it('a list that is too long is refused with the length that it may have', () => {
  expect(refused(() => parse(chatBody, chat({ messages: many(0) }))).message).toBe(
    'messages: must have at most 4096 elements',
  )
  expect(refused(() => parse(chatBody, said({ content: many(0) }))).message).toBe(
    'messages[0].content: must have at most 2048 elements',
  )
})

it.each([
  ['nested deeper than 64 levels', '{"a":'.concat('['.repeat(9_000_000), ']'.repeat(9_000_000), '}')],
  ['more than 200,000 members', `{"a":[${'{},'.repeat(6_000_000)}{}]}`],
  ['not valid JSON', `{"a":"${'\\"'.repeat(9_700_000)}`],
  ['not valid JSON', `{"a":"${'\\'.repeat(19_000_000)}"`],
  ['not valid JSON', `{"a":"${'x'.repeat(70).concat('\\"').repeat(260_000)}`],
])('a body that is %s is refused in a moment', (what, text) => {
  const bytes = Buffer.from(text)
  const { code, message, tookMs } = refused(() => readBody(bytes))
  expect(code).toBe('body_malformed')
  expect(message).toContain(what)
  expect(tookMs).toBeLessThan(limitFor(tookMs))
})

it('no schema of a body has a list or a map that looks at every element before it is refused', () => {
  const folder = path.resolve(import.meta.dirname, '..')
  const schemas = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.schema.ts'),
  )
  expect(schemas.length).toBeGreaterThan(4)
  for (const file of schemas) {
    expect(readFileSync(path.join(folder, file), 'utf8'), file).not.toMatch(/\bz\s*\.(?:array|record|tuple|map|set)\(/)
  }
})

/** How busy the machine is takes 100 ms to find out; it is needed only where the limit of a quiet one is passed. */
function limitFor(tookMs: number): number {
  return tookMs < STALL_MS_MAX ? STALL_MS_MAX : limitMs(STALL_MS_MAX)
}
