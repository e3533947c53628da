import { Fault } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { pageOf, presetChangeOf, presetContentOf, versionOf } from './presets.schema.ts'

function refusalOf(work: () => unknown): { param: string | undefined; message: string } {
  try {
    work()
  } catch (error) {
    if (error instanceof Fault && error.code === 'request_invalid') {
      return { param: error.facts.param, message: error.message }
    }
    throw error
  }
  throw new Error('expected a refusal')
}

describe('what a preset keeps of a chat', () => {
  it('is every field as it was written, without the conversation and whose it is', () => {
    const body = {
      model: 'a/b',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'Be ' },
            { type: 'text', text: 'kind.' },
          ],
        },
        { role: 'user', content: 'hello' },
      ],
      temperature: null,
      provider: { max_price: { prompt: '0.5' }, preferred_max_latency: 1.5 },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { z: 1, a: 2 } } },
      stream: true,
      user: 'somebody',
      session_id: 'trip',
    }
    const kept = presetContentOf('copy', body)
    expect(kept).toEqual({
      slug: 'copy',
      config: { model: 'a/b', provider: body.provider, response_format: body.response_format },
      systemPrompt: 'Be brief.\n\nBe kind.',
    })
    expect(JSON.stringify(kept.config)).toContain('{"z":1,"a":2}')
  })

  it('needs no messages', () => {
    expect(presetContentOf('copy', { model: 'a/b' })).toMatchObject({ systemPrompt: null })
  })

  it.each([
    ['slug', 'Copy', { model: 'a/b' }],
    ['slug', '../x', { model: 'a/b' }],
    ['slug', 'x'.repeat(65), { model: 'a/b' }],
    ['temperature', 'copy', { model: 'a/b', temperature: 3 }],
    ['provider.sort', 'copy', { provider: { sort: 'prise' } }],
    ['provider.onyl', 'copy', { provider: { onyl: ['fir'] } }],
    ['messages[0].role', 'copy', { messages: [{ role: 'robot', content: 'x' }] }],
    ['model', 'copy', { model: 'a/b@preset/other' }],
    ['preset', 'copy', { model: 'a/b', preset: 'other' }],
    ['messages', 'copy', { messages: [{ role: 'system', content: 'a\0b' }] }],
  ])('is refused by %s', (param, slug, body) => {
    expect(refusalOf(() => presetContentOf(slug, body)).param).toBe(param)
  })

  it('is not nothing, and not more than 128 KiB', () => {
    expect(refusalOf(() => presetContentOf('copy', { messages: [{ role: 'user', content: 'hi' }] })).message).toContain(
      'nothing to keep',
    )
    const long = (length: number) => ({ messages: [{ role: 'system', content: 'é'.repeat(length / 2) }] })
    expect(presetContentOf('copy', long(128 * 1024 - 2)).systemPrompt).toHaveLength(64 * 1024 - 1)
    expect(refusalOf(() => presetContentOf('copy', long(128 * 1024))).message).toContain('128 KiB')
  })
})

describe('a change of a preset', () => {
  it('is what is there, and a description can be taken away', () => {
    expect(presetChangeOf({ status: 'disabled', description: null, designated_version: 2 })).toEqual({
      status: 'disabled',
      description: null,
      designatedVersion: 2,
    })
    expect(presetChangeOf({})).toEqual({})
  })

  it.each([
    ['status', { status: 'off' }],
    ['name', { name: '' }],
    ['designated_version', { designated_version: 0 }],
    ['config', { config: {} }],
    ['slug', { slug: 'other' }],
  ])('is refused by %s', (param, body) => {
    expect(refusalOf(() => presetChangeOf(body)).param).toBe(param)
  })
})

it('numbers in paths and queries are whole, and named when they are not', () => {
  expect(pageOf({})).toEqual({ offset: 0, limit: 50 })
  expect(pageOf({ offset: '7', limit: '100' })).toEqual({ offset: 7, limit: 100 })
  expect(refusalOf(() => pageOf({ limit: '101' })).param).toBe('limit')
  expect(refusalOf(() => pageOf({ offset: '-1' })).param).toBe('offset')
  expect(refusalOf(() => pageOf({ limit: '' })).param).toBe('limit')
  expect(versionOf('12')).toBe(12)
  expect(refusalOf(() => versionOf('0')).param).toBe('version')
  expect(refusalOf(() => versionOf('550e8400-e29b-41d4-a716-446655440000')).param).toBe('version')
})
