import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { geminiSchema } from './schema.ts'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })

describe('a JSON Schema for Gemini', () => {
  it('drops keywords that are refused, and keeps properties that are called like them', () => {
    const schema = object(
      { uniqueItems: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: '^a' } } },
      { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', additionalProperties: false, examples: [1] },
    )
    expect(geminiSchema(schema)).toEqual(object({ uniqueItems: { type: 'array', items: { type: 'string' } } }))
  })

  it('says bounds that exclude themselves as ones that do not', () => {
    expect(geminiSchema({ type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 })).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 9,
    })
    expect(geminiSchema({ type: 'number', exclusiveMinimum: 0, maximum: 2 })).toEqual({
      type: 'number',
      minimum: 0,
      maximum: 2,
    })
  })

  it('says a list of types as a choice, with the words about the value inside', () => {
    expect(geminiSchema({ type: ['string', 'null'], enum: ['a', 'b'], description: 'Which.' })).toEqual({
      description: 'Which.',
      anyOf: [{ type: 'string', enum: ['a', 'b'] }, { type: 'null' }],
    })
    expect(geminiSchema({ type: ['string'] })).toEqual({ type: 'string' })
  })

  it('grows no faster than the schema when lists of types are nested', () => {
    const types = ['object', 'array', 'string', 'number', 'null', 'null']
    let nested: object = { type: 'string' }
    for (let i = 0; i < 30; i++) nested = { type: types, properties: { a: nested }, items: { type: types } }
    expect(JSON.stringify(geminiSchema({ ...nested })).length).toBeLessThan(10 * JSON.stringify(nested).length)
    expect(
      geminiSchema({ type: types.slice(0, 3), properties: { a: {} }, minItems: 1, enum: ['x'], title: 'T' }),
    ).toEqual({
      title: 'T',
      anyOf: [object({ a: {} }), { type: 'array', minItems: 1 }, { type: 'string', enum: ['x'] }],
    })
    expect(geminiSchema({ type: ['string', 'null'], anyOf: [{ type: 'string' }] })).toEqual({
      anyOf: [{ type: 'string' }],
    })
  })

  it('enumerates texts or numbers only', () => {
    expect(geminiSchema({ type: 'integer', enum: [3, 1, 2] })).toEqual({ type: 'integer', enum: [3, 1, 2] })
    expect(geminiSchema({ type: 'boolean', enum: [true] })).toEqual({ type: 'boolean' })
    expect(geminiSchema({ type: 'string', enum: ['', 'a'] })).toEqual({ type: 'string', enum: ['a'] })
    expect(geminiSchema({ enum: ['a', 1] })).toEqual({})
    expect(geminiSchema({ type: 'integer', enum: ['a'] })).toEqual({ type: 'integer' })
    expect(geminiSchema({ type: 'string', const: 'a' })).toEqual({ type: 'string', enum: ['a'] })
  })

  it('requires only what exists', () => {
    expect(geminiSchema(object({ a: {} }, { required: ['a', 'b', 'toString'] }))).toEqual(
      object({ a: {} }, { required: ['a'] }),
    )
    expect(geminiSchema({ type: 'object', required: ['b'] })).toEqual({ type: 'object' })
  })

  it('moves definitions and the references to them', () => {
    expect(
      geminiSchema(
        object({ a: { $ref: '#/definitions/A', description: 'lost' } }, { definitions: { A: { type: 'string' } } }),
      ),
    ).toEqual(object({ a: { $ref: '#/$defs/A' } }, { $defs: { A: { type: 'string' } } }))
    expect(geminiSchema({ allOf: [{ $ref: '#/$defs/A' }], description: 'lost' })).toEqual({ $ref: '#/$defs/A' })
  })

  it('lays the parts of a conjunction over each other, wherever it stands', () => {
    expect(
      geminiSchema({
        allOf: [object({ a: {} }, { required: ['a'] }), object({ b: {} })],
        ...object({ c: {} }, { required: ['c', 'b'] }),
      }),
    ).toEqual(object({ c: {}, a: {}, b: {} }, { required: ['c', 'b', 'a'] }))
  })

  it('reads tuples of old, maps, choices, and types that stand alone', () => {
    expect(geminiSchema({ type: 'array', items: [{ type: 'string' }, true] })).toEqual({
      type: 'array',
      prefixItems: [{ type: 'string' }, {}],
    })
    expect(geminiSchema({ type: 'object', additionalProperties: { type: 'integer', multipleOf: 2 } })).toEqual({
      type: 'object',
      additionalProperties: { type: 'integer' },
    })
    expect(geminiSchema({ oneOf: [{ type: 'string' }, { type: 'file' }] })).toEqual({ anyOf: [{ type: 'string' }, {}] })
    expect(geminiSchema(object({ a: 'string', b: 'whatever' }))).toEqual(object({ a: { type: 'string' }, b: {} }))
  })

  it('ends at a schema without end, and never throws', () => {
    let deep: object = {}
    for (let i = 0; i < 5000; i++) deep = { type: 'array', items: deep }
    expect(JSON.stringify(geminiSchema({ ...deep })).length).toBeLessThan(5000)
    const word = fc.constantFrom('type', 'items', 'anyOf', 'allOf', 'properties', 'required', 'enum', '$ref', '$defs')
    const value = fc.oneof(fc.jsonValue(), fc.dictionary(word, fc.jsonValue()))
    fc.assert(fc.property(fc.dictionary(word, value), (schema) => void geminiSchema(schema)))
  })
})
