import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chatBody } from './chat.schema.ts'
import { chatRequestOf } from './chat-request.ts'
import { PRESET_FIELDS } from '../chat/completion.schema.ts'
import { parse } from '../../http/parse.ts'
import { keptOf, mergePreset, type Fields } from './preset-merge.ts'
import { presetNamed, type PresetNamed } from './preset-name.ts'

const say = (content: string) => [{ role: 'user', content }]

/** A request with a preset that holds these fields. */
function merged(
  body: Fields,
  config: Fields,
  systemPrompt: string | null = null,
  takes: ReadonlySet<string> | null = null,
) {
  const named = presetNamed(body)
  if (!named) throw new Error('the body names no preset')
  return mergePreset(body, named, { config, systemPrompt }, takes)
}

describe('a request with a preset', () => {
  it('has the fields of the preset, and its own where both have one', () => {
    const body = { model: '@preset/copy', messages: say('hi'), temperature: 0.1, provider: { only: ['fir'] } }
    const config = { model: 'a/b', temperature: 0.9, top_p: 0.5, provider: { ignore: ['elm'], sort: 'price' } }
    expect(merged(body, config)).toEqual({
      model: 'a/b',
      messages: say('hi'),
      temperature: 0.1,
      top_p: 0.5,
      provider: { only: ['fir'] },
    })
  })

  it('takes its own models instead of the preset’s, fallbacks too, however it names them', () => {
    const config = { model: 'a/b', models: ['c/d'] }
    expect(merged({ model: '@preset/copy' }, config)).toEqual(config)
    expect(merged({ model: 'x/y@preset/copy' }, config)).toEqual({ model: 'x/y' })
    expect(merged({ model: 'x/y', preset: 'copy' }, config)).toEqual({ model: 'x/y' })
    expect(merged({ model: '@preset/copy', models: ['x/y'] }, config)).toEqual({ models: ['x/y'] })
  })

  it.each([
    [{ max_tokens: 5 }, { max_completion_tokens: 9 }, { maxTokens: 5 }],
    [{ max_completion_tokens: 5 }, { max_tokens: 9 }, { maxTokens: 5 }],
    [{ reasoning_effort: 'low' }, { reasoning: { effort: 'high' } }, { reasoning: { effort: 'low' } }],
    [{ include_reasoning: false }, { reasoning: { exclude: false } }, { reasoning: { exclude: true } }],
  ])('means what it says in %j, though the preset says %j', (fields, config, meant) => {
    const body = merged({ model: 'a/b@preset/copy', messages: say('hi'), ...fields }, config)
    expect(chatRequestOf(parse(chatBody, body))).toMatchObject(meant)
  })

  it('brings its own tools without the preset’s choice among other ones', () => {
    const tool = (name: string) => ({ type: 'function', function: { name } })
    const config = { tools: [tool('a')], tool_choice: tool('a'), parallel_tool_calls: false }
    expect(merged({ model: 'a/b@preset/copy', tools: [tool('b')] }, config)).toEqual({
      model: 'a/b',
      tools: [tool('b')],
    })
    expect(merged({ model: 'a/b@preset/copy', tool_choice: 'none' }, config)).toMatchObject({
      tools: [tool('a')],
      tool_choice: 'none',
    })
  })

  it('takes null for absent', () => {
    expect(merged({ model: '@preset/copy', temperature: null }, { model: 'a/b', temperature: 0.5 })).toEqual({
      model: 'a/b',
      temperature: 0.5,
    })
  })

  it('gets the system prompt in front, unless it has instructions of its own', () => {
    const body = { model: 'a/b@preset/copy', messages: say('hi') }
    expect(merged(body, {}, 'Be brief.')['messages']).toEqual([{ role: 'system', content: 'Be brief.' }, ...say('hi')])
    for (const role of ['system', 'developer']) {
      const messages = [...say('hi'), { role, content: 'Be long.' }]
      expect(merged({ ...body, messages }, {}, 'Be brief.')['messages']).toEqual(messages)
    }
  })

  it('that is no chat takes what its route has a word for', () => {
    const config = { model: 'a/b', temperature: 0.5, tools: [], logprobs: true, provider: { sort: 'price' } }
    expect(merged({ preset: 'copy', prompt: 'Once' }, config, 'Be brief.', PRESET_FIELDS)).toEqual({
      prompt: 'Once',
      model: 'a/b',
      temperature: 0.5,
      provider: { sort: 'price' },
    })
  })
})

/** Fields of a chat, each with values that fit. */
const fieldsOf = (extra: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record(
    {
      model: fc.constantFrom('a/b', 'c/d'),
      models: fc.array(fc.constantFrom('e/f', 'g/h'), { minLength: 1, maxLength: 2 }),
      temperature: fc.option(fc.double({ min: 0, max: 2, noNaN: true })),
      top_p: fc.constantFrom(0.1, 1),
      max_tokens: fc.integer({ min: 1, max: 99 }),
      max_completion_tokens: fc.integer({ min: 1, max: 99 }),
      stop: fc.constantFrom('x', ['y', 'z']),
      reasoning: fc.constantFrom({ effort: 'low' }, { exclude: true }),
      reasoning_effort: fc.constantFrom('high', 'minimal'),
      tools: fc.constant([{ type: 'function', function: { name: 'f' } }]),
      tool_choice: fc.constantFrom('auto', 'none'),
      provider: fc.constantFrom({ sort: 'price' }, { only: ['fir'] }, null),
      plugins: fc.constant([{ id: 'web' }]),
      unknown_field: fc.jsonValue(),
      ...extra,
    },
    { requiredKeys: [] },
  )
const requests = fieldsOf({
  messages: fc.constantFrom(say('hi'), [{ role: 'system', content: 's' }, ...say('ho')]),
  stream: fc.boolean(),
  user: fc.constant('somebody'),
})
const presets = fc.record({ config: fieldsOf(), systemPrompt: fc.option(fc.string()) })
const namings = fc.constantFrom<PresetNamed['param']>('model', 'preset')

/** The request with the preset's name in it, and what that means. */
function naming(body: Fields, param: PresetNamed['param']): { body: Fields; named: PresetNamed } {
  const model = typeof body['model'] === 'string' ? body['model'] : null
  const written = param === 'model' ? { ...body, model: `${model ?? ''}@preset/copy` } : { ...body, preset: 'copy' }
  const named = presetNamed(written)
  if (!named) throw new Error('the body names no preset')
  return { body: written, named }
}

describe('for every request and preset', () => {
  const laws = (law: (body: Fields, held: { config: Fields; systemPrompt: string | null }, result: Fields) => void) =>
    fc.assert(
      fc.property(requests, presets, namings, (request, held, param) => {
        const { body, named } = naming(request, param)
        law(request, held, mergePreset(body, named, held, null))
      }),
      { numRuns: 500 },
    )

  it('what the request has is in the result as it was, and nothing is left of the naming', () => {
    laws((request, _held, result) => {
      for (const [field, value] of Object.entries(request)) {
        if (value !== null && field !== 'messages') expect(result[field]).toEqual(value)
      }
      expect(JSON.stringify(result)).not.toContain('copy')
      expect((result['messages'] as unknown[] | undefined)?.slice(-1)).toEqual(
        (request['messages'] as unknown[] | undefined)?.slice(-1),
      )
    })
  })

  it('what is in the result is the request’s or the preset’s, whole', () => {
    laws((request, { config }, result) => {
      for (const field of Object.keys(result)) {
        if (field === 'messages') continue
        expect([request[field], config[field]]).toContainEqual(result[field])
      }
    })
  })

  it('what the request is silent on is the preset’s, but for other words of what it speaks of', () => {
    const kin = new Set([
      'model',
      'models',
      'max_tokens',
      'max_completion_tokens',
      'reasoning',
      'reasoning_effort',
      'tool_choice',
    ])
    laws((request, { config }, result) => {
      for (const [field, value] of Object.entries(config)) {
        if (!kin.has(field) && (request[field] ?? null) === null) expect(result[field]).toEqual(value)
      }
    })
  })

  it('what fits the schema on both sides fits it together', () => {
    laws((request, { config }, result) => {
      if (request['messages'] === undefined) return
      parse(chatBody, { ...config, messages: say('hi') })
      parse(chatBody, result)
    })
  })

  it('merging once is enough', () => {
    laws((_request, held, result) => {
      const model = typeof result['model'] === 'string' ? result['model'] : null
      const again = { slug: 'copy', version: null, model, param: 'preset', requestedModel: '' } as const
      expect(mergePreset({ ...result, preset: 'copy' }, again, held, null)).toEqual(result)
    })
  })

  it('what is kept of a request and used by an empty one is that request', () => {
    fc.assert(
      fc.property(fieldsOf(), (fields) => {
        const kept = keptOf({ ...fields, messages: say('hi'), stream: true, user: 'somebody', session_id: 's' })
        const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
        expect(kept).toEqual({ config: present, systemPrompt: null })
        expect(merged({ preset: 'copy' }, kept.config)).toEqual(present)
      }),
    )
  })
})
