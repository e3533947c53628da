import { DEFAULT_POLICY, type Policy, type PolicyId } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { openRecord, sealRecord, WrongValue, type KeyRecord } from './records.ts'
import { newSecretsText, openKeySecrets } from './seal.ts'
import { aCaller, digestOf } from './key-path.fixture.ts'
import { anOwn } from '../byok/byok.fixture.ts'

const NOW_MS = 1_800_000_000_000
const secrets = openKeySecrets(newSecretsText())
const [mine, theirs] = [digestOf('mine'), digestOf('theirs')]

function aRecord(version: number, verifiedAtMs = NOW_MS): KeyRecord {
  return { version, caller: aCaller('mine', { version }), verifiedAtMs }
}

describe('a value in Redis', () => {
  it('is read as it was written', () => {
    expect(openRecord(secrets, mine, sealRecord(secrets, mine, aRecord(3)), NOW_MS)).toEqual(aRecord(3))
  })

  it('keeps the organisation’s BYOK resources, prices as whole numbers', () => {
    const record = { ...aRecord(3), caller: aCaller('mine', { version: 3, own: anOwn() }) }
    expect(openRecord(secrets, mine, sealRecord(secrets, mine, record), NOW_MS)).toEqual(record)
  })

  it('of a release without BYOK resources, and with fewer fields of policies, is still read', () => {
    const { caller } = openRecord(secrets, mine, sealRecord(secrets, mine, aRecord(3)), NOW_MS)
    expect(caller).not.toBeNull()
    expect(caller).not.toHaveProperty('own')
    const { hedge: _hedge, own_capacity: _own, ...policy } = DEFAULT_POLICY
    const policies = [{ id: 'p' as PolicyId, version: 1, policy: policy as Policy }]
    const earlier = { ...aRecord(3), caller: aCaller('mine', { version: 3, policies }) }
    const read = openRecord(secrets, mine, sealRecord(secrets, mine, earlier), NOW_MS)
    expect(read.caller?.policies).toEqual([{ id: 'p', version: 1, policy: DEFAULT_POLICY }])
  })

  it('of a release that had other names for the fields of policies is wrong, so that no constraint is dropped', () => {
    const policy = { allow: ['acorn'], deny: [] } as object
    const policies = [{ id: 'p' as PolicyId, version: 1, policy: policy as Policy }]
    const text = sealRecord(secrets, mine, { ...aRecord(3), caller: aCaller('mine', { version: 3, policies }) })
    expect(() => openRecord(secrets, mine, text, NOW_MS)).toThrow(WrongValue)
  })

  it('that was altered, or sealed by a stranger, is wrong', () => {
    const text = sealRecord(secrets, mine, aRecord(3))
    const foreign = sealRecord(openKeySecrets(newSecretsText()), mine, aRecord(3))
    for (const wrong of [text.replace('"live"', '"mgmt"'), text.replace(/^3\|c/, '4|c'), foreign, 'rubbish', '']) {
      expect(() => openRecord(secrets, mine, wrong, NOW_MS)).toThrow(WrongValue)
    }
  })

  it('of another key is wrong, however well it is sealed', () => {
    const text = sealRecord(secrets, theirs, aRecord(3))
    expect(() => openRecord(secrets, mine, text, NOW_MS)).toThrow(WrongValue)
  })

  it('from the future is wrong', () => {
    const text = sealRecord(secrets, mine, aRecord(3, NOW_MS + 5_001))
    expect(() => openRecord(secrets, mine, text, NOW_MS)).toThrow(WrongValue)
  })
})
