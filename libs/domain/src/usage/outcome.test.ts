import { expect, it } from 'vitest'
import { requestOutcome } from './outcome.ts'

const ENDED = { fault: null, finishReason: 'stop', cancelled: false, attempts: 1, answered: true } as const

it('calls a request succeeded only when its answer is whole', () => {
  expect(requestOutcome(ENDED)).toBe('succeeded')
  expect(requestOutcome({ ...ENDED, finishReason: 'error' })).toBe('interrupted')
})

it('calls an answer that broke off interrupted, whatever status its caller saw', () => {
  expect(requestOutcome({ ...ENDED, fault: 'upstream_cut', finishReason: null })).toBe('interrupted')
})

it('calls a request failed when providers were called and none answered, and rejected when none was called', () => {
  const unanswered = { ...ENDED, fault: 'upstream_error', finishReason: null, answered: false } as const
  expect(requestOutcome(unanswered)).toBe('failed')
  expect(requestOutcome({ ...unanswered, fault: 'model_unknown', attempts: 0 })).toBe('rejected')
})

it('never calls an error of the gateway a rejection', () => {
  expect(requestOutcome({ ...ENDED, fault: 'internal', attempts: 0, answered: false })).toBe('failed')
})

it('calls a request cancelled when its caller hung up, before or after the answer began', () => {
  const gone = { ...ENDED, fault: 'caller_gone', cancelled: true } as const
  expect(requestOutcome(gone)).toBe('cancelled')
  expect(requestOutcome({ ...gone, answered: false, attempts: 0 })).toBe('cancelled')
})
