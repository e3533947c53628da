import { DIALECTS, REGION, type Provider } from '@turnpike/domain'
import * as z from 'zod'
import data from '../../../../prisma/seed/providers.json' with { type: 'json' }
import type { Naming } from './names.ts'

/** Facts about a provider and its price list. */
export interface Facts extends Naming {
  readonly slug: string
  readonly name: string
  /** Its name in the price list. */
  readonly list: string
  readonly dialect: Provider['dialect']
  /** Empty: the provider has an address per account, or an unsupported dialect. It is listed only. */
  readonly baseUrl: string
  /** Parameters that its API takes. */
  readonly parameters: readonly string[]
  /** Whether prompts may be used for training: true unless the provider is known to promise the opposite. */
  readonly mayTrain: boolean
  /** The only regions that it processes in, by its public terms. Empty: the terms name none. */
  readonly regions: readonly string[]
  /** The infrastructure that it runs on. */
  readonly failureDomain: string
  /** Patterns of the list's names of models that are included, and of those that are excluded. */
  readonly only: RegExp
  readonly never: RegExp
  /** Text around the list's name of a model that makes the name for the provider's API. */
  readonly upstreamPrefix: string
  readonly upstreamSuffix: string
  /** Context lengths in tokens of models without one in the list. */
  readonly contextLengths: Readonly<Record<string, number>>
}

/** A pattern from a file: it must compile, and be short. */
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

/** Most regions of a provider, by the column's limit. A provider in more countries is listed without regions. */
const REGIONS_MAX = 20

/** A line of `prisma/seed/providers.json`. An absent field has the safe value. */
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

/** Name and version of the price list that these lines were written for, and the day on which the list was taken over. */
export const INSTALLED_ORIGIN = `${data.list}, ${data.takenOn}`

/** These providers and those that this release knows; of two with the same slug, these take precedence. */
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
/** Matches no model: no name is empty. */
const NOTHING = '^$'
