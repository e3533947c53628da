import type { ProviderKey } from '@turnpike/contract'
import { byName } from '../i18n/locale.ts'

/** Keys of equal rank, which share its traffic. */
export type Level = readonly ProviderKey[]

export interface ProviderGroup {
  readonly provider: string
  readonly providerName: string
  /** Levels in the order in which they are tried: before credits, and after them. */
  readonly first: readonly Level[]
  readonly fallback: readonly Level[]
}

/** Keys by provider name, and within it by placement and priority. */
export function groupsOf(keys: readonly ProviderKey[]): ProviderGroup[] {
  const byProvider = grouped(keys, ({ provider }) => provider)
  return [...byProvider]
    .map(([provider, own]) => ({
      provider,
      providerName: own[0]?.providerName ?? provider,
      first: levelsOf(own.filter(({ placement }) => placement === 'first')),
      fallback: levelsOf(own.filter(({ placement }) => placement === 'fallback')),
    }))
    .toSorted((a, b) => byName(a.providerName, b.providerName))
}

function levelsOf(keys: readonly ProviderKey[]): Level[] {
  const byPriority = grouped(keys, ({ priority }) => priority)
  return [...byPriority].toSorted(([a], [b]) => a - b).map(([, level]) => level)
}

function grouped<Name>(keys: readonly ProviderKey[], nameOf: (key: ProviderKey) => Name): Map<Name, ProviderKey[]> {
  const groups = new Map<Name, ProviderKey[]>()
  for (const key of keys) {
    const known = groups.get(nameOf(key))
    if (known) known.push(key)
    else groups.set(nameOf(key), [key])
  }
  return groups
}

/** Of the traffic of its level, the part of a key: 0 to 1. What is switched off has none. */
export function partOf(key: ProviderKey, level: Level): number {
  if (key.disabled) return 0
  const total = level.reduce((sum, { disabled, share }) => sum + (disabled ? 0 : share), 0)
  return total > 0 ? key.share / total : 0
}

/** A step in the order: to a rank of its own, or into the neighbouring level. */
export interface Step {
  readonly kind: 'alone' | 'join'
  /** A key of the level that it leaves or joins; names the step. */
  readonly neighbour: ProviderKey
  /** The keys whose priority changes by it. */
  readonly changes: readonly Pick<ProviderKey, 'id' | 'priority'>[]
}

/** A move earlier (-1) or later (1): out of a shared level, or into the next one. Null: there is nowhere to go. */
export function stepOf(levels: readonly Level[], key: ProviderKey, by: -1 | 1): Step | null {
  const index = levels.findIndex((level) => level.some(({ id }) => id === key.id))
  const others = levels[index]?.filter(({ id }) => id !== key.id) ?? []
  const [left] = others
  if (left) {
    const parted = by < 0 ? [[key], others] : [others, [key]]
    return { kind: 'alone', neighbour: left, changes: renumbered(levels.toSpliced(index, 1, ...parted)) }
  }
  const neighbours = levels[index + by]
  const [met] = neighbours ?? []
  if (!neighbours || !met) return null
  const joined = levels.toSpliced(Math.min(index, index + by), 2, [...neighbours, key])
  return { kind: 'join', neighbour: met, changes: renumbered(joined) }
}

/** Levels counted from 0; only what changes by that. */
function renumbered(levels: readonly Level[]): Step['changes'] {
  return levels.flatMap((level, priority) =>
    level.filter((key) => key.priority !== priority).map(({ id }) => ({ id, priority })),
  )
}
