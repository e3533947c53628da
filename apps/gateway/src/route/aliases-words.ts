import type { ModelSlug, Objective, PriceCeiling } from '@turnpike/domain'

/** What follows a model's name after a colon and says by what its endpoints are sorted. */
export const SORTING: ReadonlyMap<string, Objective> = new Map([
  ['nitro', 'throughput'],
  ['floor', 'cost'],
  ['exacto', 'uptime'],
])

/** All suffixes that any name may have. */
export const VARIANTS = [...SORTING.keys(), 'free']

/** Names of routers, each of which is replaced by the models that suit the request. */
export const ROUTERS: ReadonlyMap<string, 'auto' | 'free'> = new Map([
  ['turnpike/auto', 'auto'],
  ['openrouter/auto', 'auto'],
  ['turnpike/free', 'free'],
  ['openrouter/free', 'free'],
])

/** Good defaults, of which the first that suits the request answers. A change of the list is a new version. */
export const AUTO = {
  version: '2026-11-21',
  models: [
    'anthropic/claude-haiku-4.5',
    'openai/gpt-5.4-mini',
    'google/gemini-3.5-flash',
    'openai/gpt-5-mini',
    'google/gemini-2.5-flash',
    'anthropic/claude-sonnet-5',
    'openai/gpt-5.5',
    'google/gemini-2.5-pro',
    'openai/gpt-4o-mini',
    'sim/swift-8b',
    'sim/sage-70b',
    'sim/owl-reasoner',
  ] as string[] as ModelSlug[],
} as const

/** Most models that replace a router's name: the first is used, the others when no endpoint serves it. */
export const CHOSEN_MAX = 3

/** No price at all: what `:free` asks for. */
export const FREE: PriceCeiling = { prompt: 0n, completion: 0n, request: 0n, image: 0n, audio: 0n }
