import { ownTarget, type EndpointId, type Message, type ModelSlug, type OwnId, type Usage } from '@turnpike/domain'
import { NO_USAGE } from '@turnpike/domain'
import { aCaller } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import type { Conversation } from '../call/call.ts'
import { Affinity, THREADS_PER_TENANT_MAX, type Talk } from './affinity.ts'

const [ACORN, BIRCH] = ['acorn/m/m', 'birch/m/m'] as [EndpointId, EndpointId]
const caller = aCaller()
const says = (role: 'system' | 'user', text: string): Message => ({ role, content: [{ kind: 'text', text }] })

function talk(changes: Partial<Conversation> = {}, from: Partial<Talk> = {}, model = 'm/m'): Talk {
  const conversation = {
    name: null,
    session: false,
    messages: [says('system', 'Be brief.'), says('user', 'Hi')],
    ...changes,
  }
  return { caller, routeRequest: { models: [model as ModelSlug] }, conversation, ...from }
}

const used = (cacheReadTokens: number, cacheWriteTokens = 0): Usage => ({
  ...NO_USAGE,
  cacheReadTokens,
  cacheWriteTokens,
})
const answered = (usage: Usage, endpoint = ACORN) => ({ endpoint, owner: null, fault: null, usage, attempts: [] })
const attempt = (endpoint: EndpointId, fault: 'upstream_error' | 'content_refused') => ({
  endpoint,
  provider: 'acorn' as never,
  model: 'm/m' as ModelSlug,
  startMs: 0,
  firstTokenMs: null,
  endMs: 1,
  outcome: 'failed' as const,
  status: 500,
  fault,
})
const failed = (fault: 'upstream_error' | 'content_refused', endpoint = ACORN) => ({
  endpoint: null,
  owner: null,
  fault,
  usage: NO_USAGE,
  attempts: [attempt(endpoint, fault)],
})

function aClock() {
  let nowMs = 0
  return { affinity: new Affinity(() => nowMs), pass: (ms: number) => (nowMs += ms) }
}

describe('a conversation stays', () => {
  it.each([
    ['read from the prompt cache', used(1_024)],
    ['wrote to it', used(0, 1_024)],
  ])('where its last answer %s', (_what, usage) => {
    const { affinity } = aClock()
    affinity.learn(talk(), answered(usage))
    expect(affinity.warm(talk())).toBe(ACORN)
  })

  it('nowhere after an answer that did not use the cache, unless it names its session', () => {
    const { affinity } = aClock()
    affinity.learn(talk(), answered(NO_USAGE))
    affinity.learn(talk({ name: 'k' }), answered(NO_USAGE))
    expect(affinity.warm(talk())).toBeNull()
    expect(affinity.warm(talk({ name: 'k' }))).toBeNull()
    affinity.learn(talk({ name: 's', session: true }), answered(NO_USAGE))
    expect(affinity.warm(talk({ name: 's', session: true }))).toBe(ACORN)
  })

  it('at the account whose cache it is: the tenant’s own, where that answered', () => {
    const { affinity } = aClock()
    const owner = 'mine' as OwnId
    affinity.learn(talk(), { ...answered(used(1)), owner })
    expect(affinity.warm(talk())).toBe(ownTarget(ACORN, owner))
    affinity.learn(talk(), answered(used(1)))
    expect(affinity.warm(talk())).toBe(ACORN)
  })

  it('for ten minutes after its last answer', () => {
    const { affinity, pass } = aClock()
    affinity.learn(talk(), answered(used(1)))
    pass(599_999)
    expect(affinity.warm(talk())).toBe(ACORN)
    affinity.learn(talk(), answered(used(1)))
    pass(599_999)
    expect(affinity.warm(talk())).toBe(ACORN)
    pass(1)
    expect(affinity.warm(talk())).toBeNull()
  })

  it('until its endpoint fails; what fails elsewhere or by the caller’s own fault changes nothing', () => {
    const { affinity } = aClock()
    affinity.learn(talk(), answered(used(1)))
    affinity.learn(talk(), failed('upstream_error', BIRCH))
    affinity.learn(talk(), failed('content_refused'))
    expect(affinity.warm(talk())).toBe(ACORN)
    affinity.learn(talk(), failed('upstream_error'))
    expect(affinity.warm(talk())).toBeNull()
  })

  it('is where the next endpoint answered, when the warm one failed and that one has a cache', () => {
    const { affinity } = aClock()
    affinity.learn(talk(), answered(used(1)))
    affinity.learn(talk(), { ...answered(used(1), BIRCH), attempts: [attempt(ACORN, 'upstream_error')] })
    expect(affinity.warm(talk())).toBe(BIRCH)
    affinity.learn(talk(), { ...answered(NO_USAGE), attempts: [attempt(BIRCH, 'upstream_error')] })
    expect(affinity.warm(talk())).toBeNull()
  })
})

describe('conversations are distinguished', () => {
  const { affinity } = aClock()
  affinity.learn(talk(), answered(used(1)))

  it('by tenant and by model', () => {
    expect(affinity.warm(talk({}, { caller: aCaller() }))).toBeNull()
    expect(affinity.warm(talk({}, {}, 'm/n'))).toBeNull()
  })

  it('by their first instruction and their first other message, however they went on', () => {
    const begun = talk().conversation?.messages ?? []
    expect(affinity.warm(talk({ messages: [...begun, says('user', 'And then?')] }))).toBe(ACORN)
    expect(affinity.warm(talk({ messages: [says('system', 'Be long.'), says('user', 'Hi')] }))).toBeNull()
    expect(affinity.warm(talk({ messages: [says('system', 'Be brief.'), says('user', 'Ho')] }))).toBeNull()
    expect(affinity.warm(talk({ messages: [says('system', 'Be brief.Hi')] }))).toBeNull()
  })

  it('by their session before all else, and a session is no cache key', () => {
    affinity.learn(talk({ name: 'x', session: true }), answered(NO_USAGE, BIRCH))
    expect(affinity.warm(talk({ name: 'x', session: true, messages: [says('user', 'other')] }))).toBe(BIRCH)
    expect(affinity.warm(talk({ name: 'x' }))).toBeNull()
  })

  it('and an embedding is none', () => {
    affinity.learn(talk({}, { conversation: null }), answered(used(1)))
    expect(affinity.warm(talk({}, { conversation: null }))).toBeNull()
  })
})

it('a tenant with any number of conversations takes no place of another’s, and keeps its latest', () => {
  const { affinity } = aClock()
  affinity.learn(talk(), answered(used(1_024)))
  const other = { caller: aCaller() }
  const flood = (i: number) => talk({ name: `talk ${i}` }, other)
  for (let i = 0; i < 60_000; i++) affinity.learn(flood(i), answered(used(1_024)))
  expect(affinity.warm(talk())).toBe(ACORN)
  expect(affinity.warm(flood(59_999 - THREADS_PER_TENANT_MAX))).toBeNull()
  expect(affinity.warm(flood(60_000 - THREADS_PER_TENANT_MAX))).toBe(ACORN)
})
