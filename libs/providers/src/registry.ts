import type { Dialect } from '@turnpike/domain'
import type { Adapter } from './adapter.ts'
import { anthropic } from './anthropic/adapter.ts'
import { google } from './google/adapter.ts'
import { compatible } from './openai/adapter.ts'
import { HABITS } from './openai/habits.ts'

const ADAPTERS: Readonly<Record<Dialect, Adapter>> = { openai: compatible({}), anthropic, google }

const OPENAI_SHAPED: ReadonlyMap<string, Adapter> = new Map(
  Array.from(HABITS, ([slug, habits]) => [slug, compatible(habits)]),
)

/** The adapter of a dialect without habits of a provider. */
export function adapterFor(dialect: Dialect): Adapter {
  return ADAPTERS[dialect]
}

/** The adapter of a provider: its dialect with its known habits, if there are any. */
export function adapterOf(provider: { readonly slug: string; readonly dialect: Dialect }): Adapter {
  const known = provider.dialect === 'openai' ? OPENAI_SHAPED.get(provider.slug) : undefined
  return known ?? adapterFor(provider.dialect)
}
