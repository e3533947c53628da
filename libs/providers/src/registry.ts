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

/** How a dialect is spoken when nothing else is known of the provider. */
export function adapterFor(dialect: Dialect): Adapter {
  return ADAPTERS[dialect]
}

/** How this provider speaks its dialect. An OpenAI-shaped one that has no habits on record is spoken to plainly. */
export function adapterOf(provider: { readonly slug: string; readonly dialect: Dialect }): Adapter {
  const known = provider.dialect === 'openai' ? OPENAI_SHAPED.get(provider.slug) : undefined
  return known ?? adapterFor(provider.dialect)
}
