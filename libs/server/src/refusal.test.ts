import { Fault } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { openAiBody, problemBody, refusalOf } from './refusal.ts'

it('an answer does not grow with what a message repeats of a request', () => {
  const fault = new Fault('request_invalid', 'x'.repeat(1_000_000))
  const refusal = refusalOf(fault, 0.5)
  for (const body of [openAiBody(fault, refusal, 'req-1'), problemBody(fault, refusal, 'req-1')]) {
    expect(JSON.stringify(body).length).toBeLessThan(10_000)
  }
})
