import type { Policy } from '@turnpike/contract'
import { expect, it } from 'vitest'
import type { Say } from '../i18n/text.ts'
import { scopesOf, policyAt, scopesText } from './scopes.ts'

const say: Say = (key, values) => `${key} ${JSON.stringify(values ?? {})}`

function aPolicy(attached: Partial<Policy['attached']>): Policy {
  return {
    id: 'p',
    name: 'Nightly',
    version: 1,
    document: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    changedAt: '2026-01-01T00:00:00.000Z',
    attached: { organisation: false, workspaces: [], keys: [], ...attached },
  }
}

it('lists what a policy is applied to, the widest scope first', () => {
  const policy = aPolicy({ organisation: true, workspaces: [{ id: 'w', name: 'W' }], keys: [{ id: 'k', name: 'K' }] })
  expect(scopesOf(policy, 'Toll & Sons')).toEqual([
    { kind: 'organisation', name: 'Toll & Sons' },
    { kind: 'workspace', id: 'w', name: 'W' },
    { kind: 'key', id: 'k', name: 'K' },
  ])
})

it('finds the policy that another one would replace', () => {
  const [mine, other] = [aPolicy({ keys: [{ id: 'k', name: 'K' }] }), aPolicy({ organisation: true })]
  expect(policyAt({ kind: 'key', id: 'k', name: 'K' }, [other, mine])).toBe(mine)
  expect(policyAt({ kind: 'organisation', name: 'O' }, [mine, other])).toBe(other)
  expect(policyAt({ kind: 'workspace', id: 'k', name: 'W' }, [mine, other])).toBeUndefined()
})

it('says that a policy is applied to nothing', () => {
  expect(scopesText(aPolicy({}), say)).toBe('policies.for_nothing {}')
})
