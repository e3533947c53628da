import { Fault } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { chatBody } from '../api/inference/chat.schema.ts'
import { parse } from './parse.ts'

const chat = (over: Record<string, unknown>) => ({
  model: 'sim/swift-8b',
  messages: [{ role: 'user', content: 'hi' }],
  ...over,
})

function paramOf(body: unknown): string | undefined {
  try {
    parse(chatBody, body)
  } catch (error) {
    if (error instanceof Fault && error.code === 'request_invalid') return error.facts.param
    throw error
  }
  return undefined
}

describe('a chat body that does not fit', () => {
  it.each([
    ['model', chat({ model: 7 })],
    ['messages', { model: 'a/b' }],
    ['messages', chat({ messages: [] })],
    ['messages', chat({ messages: 'hello' })],
    ['messages[0].role', chat({ messages: [{ role: 'robot', content: 'x' }] })],
    ['messages[0].content', chat({ messages: [{ role: 'user', content: 7 }] })],
    [
      'messages[0].content[1].type',
      chat({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'smell' }] }] }),
    ],
    [
      'messages[0].content[0].image_url.url',
      chat({
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }],
      }),
    ],
    [
      'messages[1].tool_call_id',
      chat({
        messages: [
          { role: 'user', content: 'x' },
          { role: 'tool', content: 'y' },
        ],
      }),
    ],
    ['temperature', chat({ temperature: 3 })],
    ['temperature', chat({ temperature: 'hot' })],
    ['max_tokens', chat({ max_tokens: 0 })],
    ['stream', chat({ stream: 'yes' })],
    ['tools[0].function.name', chat({ tools: [{ type: 'function', function: {} }] })],
    ['provider.order', chat({ provider: { order: 'acorn' } })],
    ['n', chat({ n: 2 })],
  ])('names %s', (param, body) => {
    expect(paramOf(body)).toBe(param)
  })
})

it('takes nulls for what is absent, and fields it does not know', () => {
  const body = chat({ temperature: null, tools: null, stop: null, brand_new_field: { a: 1 } })
  expect(parse(chatBody, body)).toMatchObject({ brand_new_field: { a: 1 } })
})

it('repeats no more of a name than 64 characters, whoever made it up', () => {
  const body = chat({ provider: { [`ordered${'r'.repeat(1_000_000)}`]: 1 } })
  expect(paramOf(body)).toBe(`provider.ordered${'r'.repeat(56)}…`)
  expect(() => parse(chatBody, body)).toThrow(/^provider\.orderedr{56}…: is no field of this object.{1,500}$/)
})

it('a list that is too long is said to be that, and not to be no text', () => {
  expect(() => parse(chatBody, chat({ stop: ['a', 'b', 'c', 'd', 'e'] }))).toThrow('stop: must have at most 4 elements')
})
