import { expect, it } from 'vitest'
import { z } from 'zod'
import { Fault } from '@turnpike/domain'
import { parse } from './parse.ts'

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
