import { expect, it } from 'vitest'
import { z } from 'zod'
import { Fault } from '@turnpike/domain'
import { nested, parse, parseNaming } from './parse.ts'

const Form = z.strictObject({
  name: z.string(),
  budgets: z.array(z.strictObject({ limit: z.number('Must be a number.') })).default([]),
})

function fieldsOf(value: unknown): unknown {
  try {
    parse(Form, value)
  } catch (error) {
    if (error instanceof Fault) return error.facts.fields
    throw error
  }
  return null
}

it('nests errors as the form is, so that each shows beside its field', () => {
  expect(fieldsOf({ name: 'a', budgets: [{ limit: 1 }, { limit: 'x' }] })).toEqual({
    budgets: { 1: { limit: 'Must be a number.' } },
  })
})

it('names fields that there are none of, wherever they stand', () => {
  expect(fieldsOf({ name: 'a', role: 'owner', budgets: [{ limit: 1, price: 0 }] })).toEqual({
    role: 'There is no such field.',
    budgets: { 0: { price: 'There is no such field.' } },
  })
})

it('puts what concerns the whole body under root', () => {
  expect(fieldsOf('text')).toEqual({ root: expect.any(String) })
})

it('gives back what fits, completed', () => {
  expect(parse(Form, { name: 'a' })).toEqual({ name: 'a', budgets: [] })
})

it('names 20 problems at most, and of a name 64 characters', () => {
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i}${'x'.repeat(1_000)}`, 0]))
  const fields = fieldsOf({ name: 'a', ...unknown }) as Record<string, unknown>
  expect(Object.keys(fields)).toHaveLength(20)
  expect(Object.keys(fields)).toContain(`7${'x'.repeat(62)}…`)
  const budgets = Array.from({ length: 5_000 }, () => ({ limit: 'x' }))
  expect(Object.keys((fieldsOf({ name: 'a', budgets }) as { budgets: object }).budgets)).toHaveLength(20)
  const problems = Array.from({ length: 5_000 }, (_, i) => ({ path: ['document', i], message: 'No.' }))
  expect(Object.keys(nested(problems)['document'] as object)).toHaveLength(20)
})

it('answers a program with no more of a name either', () => {
  const long = 'x'.repeat(50_000)
  expect(() => parseNaming(Form, { name: 'a', [long]: 1 })).toThrow(/^x{63}…: there is no such parameter\.$/)
  expect(() => parseNaming(z.record(z.string(), z.number('must be a number')), { [long]: 'a' })).toThrow(
    /^x{63}…: must be a number$/,
  )
})
