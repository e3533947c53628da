import type { ChatDelta, FinishReason } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { isEmpty } from './answer.ts'

const finish = (reason: FinishReason): ChatDelta => ({ finish: { reason, native: reason } })

it('an answer is empty without anything that a caller can see, whether it says that it ended or not', () => {
  expect(isEmpty([])).toBe(true)
  expect(isEmpty([{ text: '' }, { wire: { choices: [{ delta: { role: 'assistant', content: null } }] } }])).toBe(true)
  expect(isEmpty([{ usage: { completionTokens: 7 } }, finish('stop')])).toBe(true)
  expect(isEmpty([{ wire: { choices: 'none' } }, { wire: { choices: [null] } }, finish('stop')])).toBe(true)
})

it.each([
  ['text', { text: 'a' }],
  ['a refusal', { refusal: 'no' }],
  ['a thought', { reasoning: [{ kind: 'text', text: 'hm', format: 'unknown' }] }],
  ['a tool call', { toolCalls: [{ index: 0, id: 'a', name: 'f' }] }],
  ['a picture', { wire: { choices: [{ delta: { images: [{ type: 'image_url' }] } }] } }],
  ['a sound', { wire: { choices: [{ message: { content: null, audio: { id: 'a' } } }] } }],
] satisfies [string, ChatDelta][])('an answer that is %s is none', (_, delta) => {
  expect(isEmpty([delta, finish('stop')])).toBe(false)
})

it('an answer that was stopped at its bound or by a filter is the same everywhere, and not empty', () => {
  expect([isEmpty([finish('length')]), isEmpty([finish('content_filter')])]).toEqual([false, false])
})
