import { describe, expect, it } from 'vitest'
import type { AttemptRecord, RequestRecord } from './load.ts'
import { judge } from './oracles.ts'

const attempt = (changes: Partial<AttemptRecord> = {}): AttemptRecord => {
  return { target: 'a', atMs: 0, ms: 10, status: 200, type: null, ...changes }
}
const request = (attempts: readonly AttemptRecord[], changes: Partial<RequestRecord> = {}): RequestRecord => {
  return { key: 'k', startedMs: 0, endedMs: 10, phase: '', attempts, ok: true, ...changes }
}
const judged = (requests: RequestRecord[], revokedAtMs?: Map<string, number>) =>
  judge({ requests }, { validKeys: new Set(['k']), ...(revokedAtMs && { revokedAtMs }) })

const CLEAN = { wrong401: 0, served_after_revocation: 0, internal: 0, failed: 0, foreign: 0 }

describe('the oracles', () => {
  it('find nothing in what went well, nor in a 401 for a key that is not valid', () => {
    const refused = request([attempt({ status: 401, type: 'key_invalid' })], { key: 'forged', ok: false })
    expect(judged([request([attempt()]), refused])).toEqual(CLEAN)
  })

  it('find a 401 for a valid key, even when a retry hid it', () => {
    const hidden = request([attempt({ status: 401, type: 'key_invalid' }), attempt()])
    expect(judged([hidden])).toEqual({ ...CLEAN, wrong401: 1 })
  })

  it('find a request that failed for good, a bug, and the canary of another key', () => {
    const failed = request([attempt({ status: 503, type: 'auth_unavailable' })], { ok: false })
    const bug = request([attempt({ status: 500, type: 'internal' }), attempt()])
    const foreign = request([attempt({ type: 'foreign_canary' })], { ok: false })
    expect(judged([failed, bug, foreign])).toEqual({ ...CLEAN, failed: 2, internal: 1, foreign: 1 })
  })

  it('let a revoked key be refused from the moment of its revocation, and served until the bound', () => {
    const revoked = new Map([['k', 100]])
    const early = request([attempt({ atMs: 90, ms: 5, status: 401 })], { endedMs: 95, ok: false })
    const meanwhile = request([attempt({ atMs: 99, ms: 5, status: 401 })], { endedMs: 104, ok: false })
    const within = request([attempt({ atMs: 1_100 })], { endedMs: 1_110 })
    const after = request([attempt({ atMs: 1_101 })], { endedMs: 1_111 })
    const identified = request([attempt({ atMs: 1_101, status: 400, type: 'body_malformed' })])
    expect(judged([early], revoked)).toEqual({ ...CLEAN, wrong401: 1, failed: 1 })
    expect(judged([meanwhile, within], revoked)).toEqual(CLEAN)
    expect(judged([after, identified], revoked)).toEqual({ ...CLEAN, served_after_revocation: 2 })
  })
})
