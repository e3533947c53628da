import type { ProviderKey } from '@turnpike/contract'

/** A key of which a test says only what it is about. */
export function aProviderKey(name: string, changes: Partial<ProviderKey> = {}): ProviderKey {
  return {
    id: name,
    name,
    provider: 'acorn',
    providerName: 'Acorn',
    lastFour: '1234',
    fingerprint: 'f',
    version: 1,
    boundTo: 'simulated',
    moved: false,
    placement: 'first',
    priority: 0,
    share: 1,
    models: null,
    keys: null,
    creditFallback: true,
    disabled: false,
    awaitsTest: false,
    test: null,
    createdAt: '2026-11-21T12:00:00.000Z',
    createdBy: null,
    ...changes,
  }
}
