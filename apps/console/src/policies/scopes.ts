import type { Policy } from '@turnpike/contract'
import type { Say } from '../i18n/text.ts'
import type { Scope } from './calls.ts'

/** What a policy is attached to, the widest first. @param organisation the reader's, by name */
export function scopesOf({ attached }: Policy, organisation: string): Scope[] {
  return [
    ...(attached.organisation ? [{ kind: 'organisation', name: organisation } as const] : []),
    ...attached.workspaces.map((workspace) => ({ kind: 'workspace', ...workspace }) as const),
    ...attached.keys.map((key) => ({ kind: 'key', ...key }) as const),
  ]
}

/** The policy applied to a scope; undefined for none. */
export function policyAt(scope: Scope, policies: readonly Policy[]): Policy | undefined {
  return policies.find(({ attached }) => {
    if (scope.kind === 'organisation') return attached.organisation
    return attached[`${scope.kind}s`].some(({ id }) => id === scope.id)
  })
}

/** Identifies a scope in a list. */
export function scopeId(scope: Scope): string {
  return scope.kind === 'organisation' ? scope.kind : `${scope.kind} ${scope.id}`
}

/** What a policy is attached to, in a few words. */
export function scopesText({ attached }: Policy, say: Say): string {
  const { organisation, workspaces, keys } = attached
  const words = [
    ...(organisation ? [say('policies.for_organisation')] : []),
    ...workspaces.map(({ name }) => say('policies.for_workspace', { name })),
    ...(keys.length > 0
      ? [say('policies.for_keys', { smart_count: keys.length, names: keys.map(({ name }) => name).join(', ') })]
      : []),
  ]
  return words.length > 0 ? words.join(', ') : say('policies.for_nothing')
}
