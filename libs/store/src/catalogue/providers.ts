import { DIALECTS, REGION, type Provider } from '@turnpike/domain'
import * as z from 'zod'
import data from '../../../../prisma/seed/providers.json' with { type: 'json' }
import type { Naming } from './names.ts'

/** What we know of a provider and its price list. */
export interface Facts extends Naming {
  readonly slug: string
  readonly name: string
  /** Its name in the price list. */
  readonly list: string
  readonly dialect: Provider['dialect']
  /** Empty: it has an address for each account, or a dialect that is not spoken here. It is listed only. */
  readonly baseUrl: string
  /** What its API takes, by the names of request parameters. */
  readonly parameters: readonly string[]
  /** It does not promise to keep prompts out of training. One that is not known to promise does not. */
  readonly mayTrain: boolean
  /** Where it processes by its public terms, and nowhere else. Empty: they do not say. */
  readonly regions: readonly string[]
  /** Whose infrastructure it runs on. */
  readonly failureDomain: string
  /** Of its list only these models, by the list's own names, and never those. */
  readonly only: RegExp
  readonly never: RegExp
  /** Around the list's name of a model: what the provider's API wants to be sent. */
  readonly upstreamPrefix: string
  readonly upstreamSuffix: string
  /** Tokens, of models whose length the list does not say. */
  readonly contextLengths: Readonly<Record<string, number>>
}

/** A pattern that other people's data brings: it must compile, and be short enough to be read. */
const pattern = z
  .string()
  .max(1_000)
  .refine((text) => {
    try {
      return new RegExp(text) instanceof RegExp
    } catch {
      return false
    }
  }, 'must be a regular expression')

/** As the columns allow. Somebody who is in more countries is not kept to any. */
const REGIONS_MAX = 20

/** A line of `prisma/seed/providers.json`. What is left out has the safe value. */
export const StoredProvider = z.strictObject({
  slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and dashes'),
  name: z.string().min(1).max(100),
  list: z.string().min(1).max(100),
  dialect: z.enum(DIALECTS),
  baseUrl: z.union([z.literal(''), z.url({ protocol: /^https$/, error: 'must be an https address, or empty' })]),
  /** The name of a set of parameters in the same file. */
  parameters: z.enum(Object.keys(data.parameters)),
  author: z.string().max(100).optional(),
  rewrites: z.array(z.tuple([pattern, z.string().max(200)])).optional(),
  mayTrain: z.boolean().optional(),
  regions: z.array(z.string().regex(REGION, 'must be two letters in lower case')).max(REGIONS_MAX).optional(),
  failureDomain: z.string().min(1).max(100).optional(),
  only: pattern.optional(),
  never: pattern.optional(),
  upstreamPrefix: z.string().max(100).optional(),
  upstreamSuffix: z.string().max(100).optional(),
  contextLengths: z.record(z.string(), z.int().min(1)).optional(),
})
export type StoredFacts = z.infer<typeof StoredProvider>

/** The providers that this release knows. */
export const PROVIDERS: readonly StoredFacts[] = z.array(StoredProvider).parse(data.providers)

/** Name and version of the price list that these lines were written for, and the day on which it was taken over. */
export const INSTALLED_ORIGIN = `${data.list}, ${data.takenOn}`

/** These providers and those that this release knows; of two with one slug the first counts. */
export function factsOf(providers: readonly StoredFacts[]): Facts[] {
  const bySlug = new Map([...PROVIDERS, ...providers].map((stored) => [stored.slug, stored]))
  return [...bySlug.values()].map((stored) => ({
    slug: stored.slug,
    name: stored.name,
    list: stored.list,
    dialect: stored.dialect,
    baseUrl: stored.baseUrl.replace(/\/+$/, ''),
    parameters: PARAMETERS[stored.parameters] ?? [],
    author: stored.author ?? stored.slug,
    ...(stored.rewrites && { rewrites: stored.rewrites }),
    mayTrain: stored.mayTrain ?? true,
    regions: stored.regions ?? [],
    failureDomain: stored.failureDomain ?? stored.slug,
    only: new RegExp(stored.only ?? ''),
    never: new RegExp(stored.never ?? NOTHING),
    upstreamPrefix: stored.upstreamPrefix ?? '',
    upstreamSuffix: stored.upstreamSuffix ?? '',
    contextLengths: stored.contextLengths ?? {},
  }))
}

const PARAMETERS: Readonly<Record<string, readonly string[]>> = data.parameters
/** No name of a model is empty. */
const NOTHING = '^$'
