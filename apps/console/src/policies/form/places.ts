import type { Policy } from '@turnpike/contract'
import type { Say } from '../../i18n/text.ts'
import type { Place } from '../calls.ts'

/** What a policy is attached to, the widest first. @param organisation the reader's, by name */
export function placesOf({ attached }: Policy, organisation: string): Place[] {
  return [
    ...(attached.organisation ? [{ kind: 'organisation', name: organisation } as const] : []),
    ...attached.workspaces.map((workspace) => ({ kind: 'workspace', ...workspace }) as const),
    ...attached.keys.map((key) => ({ kind: 'key', ...key }) as const),
  ]
}

/** Which policy is in force at a place; undefined for none. */
export function policyAt(place: Place, policies: readonly Policy[]): Policy | undefined {
  return policies.find(({ attached }) => {
    if (place.kind === 'organisation') return attached.organisation
    return attached[`${place.kind}s`].some(({ id }) => id === place.id)
  })
}

/** A place as it is told apart in a list of places. */
export function placeId(place: Place): string {
  return place.kind === 'organisation' ? place.kind : `${place.kind} ${place.id}`
}

/** What a policy is attached to, in a few words. */
export function reachOf({ attached }: Policy, say: Say): string {
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
