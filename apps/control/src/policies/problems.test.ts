import { expect, it } from 'vitest'
import { z } from 'zod'
import { Fault } from '@turnpike/domain'
import { parseSuggesting, refusal } from './problems.ts'

const Form = z.strictObject({ document: z.strictObject({ order: z.array(z.string()).optional() }) })

function refused(body: unknown): Fault {
  try {
    parseSuggesting(Form, body)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('it was taken')
}

it('a document that is wrong all over is answered with 20 problems and short names', () => {
  const unknown = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`${i}${'x'.repeat(200)}`, 0]))
  const { message, facts } = refused({ document: unknown })
  expect(Object.keys((facts.fields as { document: object }).document)).toHaveLength(20)
  expect(facts.param).toBe(`document.0${'x'.repeat(62)}…`)
  expect(message.length).toBeLessThan(500)
  expect(JSON.stringify(facts.fields).length).toBeLessThan(10_000)
})

it('problems that were found otherwise are bounded in the same way', () => {
  const problems = Array.from({ length: 3_000 }, (_, i) => ({ path: ['order', i], message: 'There is none.' }))
  const { facts, message } = refusal(problems)
  expect(Object.keys((facts.fields as { order: object }).order)).toHaveLength(20)
  expect(message).toBe('order[0]: There is none. (and 2999 more)')
})
