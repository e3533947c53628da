import { DIALECTS, REGION } from '@turnpike/domain'
import * as z from 'zod'
import data from '../../../../prisma/seed/providers.json' with { type: 'json' }

/** A pattern from a file: it must compile, and be short. */
const pattern = z
  .string()
  .max(1_000)
  .transform((text, context) => {
    try {
      return new RegExp(text)
    } catch {
      context.addIssue('must be a regular expression')
      return z.NEVER
    }
  })

/** Most regions of a provider, by the column's limit. A provider in more countries is listed without regions. */
const REGIONS_MAX = 20

const PARAMETERS: Readonly<Record<string, readonly string[]>> = data.parameters

/** A provider and its price list, as in `prisma/seed/providers.json`. An absent field has the safe value. */
export const Facts = z
  .strictObject({
    slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and dashes'),
    name: z.string().min(1).max(100),
    /** Its name in the price list. */
    list: z.string().min(1).max(100),
    dialect: z.enum(DIALECTS),
    /** Empty: the provider has an address per account, or an unsupported dialect. It is listed only. */
    baseUrl: z
      .union([z.literal(''), z.url({ protocol: /^https$/, error: 'must be an https address, or empty' })])
      .transform((url) => url.replace(/\/+$/, '')),
    /** Parameters that its API takes: the name of a set in the same file. */
    parameters: z.enum(Object.keys(data.parameters)).transform((set) => PARAMETERS[set] ?? []),
    /** The author of a model whose name has no author and no known family; absent: the provider. */
    author: z.string().max(100).optional(),
    /** Patterns and replacements, applied to the lower-cased name of a model first, in this order. */
    rewrites: z.array(z.tuple([pattern, z.string().max(200)])).default([]),
    /** Whether prompts may be used for training: true unless the provider is known to promise the opposite. */
    mayTrain: z.boolean().default(true),
    /** The only regions that it processes in, by its public terms. Empty: the terms name none. */
    regions: z.array(z.string().regex(REGION, 'must be two letters in lower case')).max(REGIONS_MAX).default([]),
    /** The infrastructure that it runs on. */
    failureDomain: z.string().min(1).max(100).optional(),
    /** Patterns of the list's names of models that are included, and of those that are excluded. */
    only: pattern.default(/(?:)/),
    /** Absent: it matches no model, as no name is empty. */
    never: pattern.default(/^$/),
    /** Text around the list's name of a model that makes the name for the provider's API. */
    upstreamPrefix: z.string().max(100).default(''),
    upstreamSuffix: z.string().max(100).default(''),
    /** Context lengths in tokens of models without one in the list. */
    contextLengths: z.record(z.string(), z.int().min(1)).default({}),
  })
  .transform(({ author, failureDomain, ...facts }) => ({
    ...facts,
    author: author ?? facts.slug,
    failureDomain: failureDomain ?? facts.slug,
  }))
export type Facts = z.infer<typeof Facts>

/** The providers that this release knows. */
export const PROVIDERS: readonly Facts[] = z.array(Facts).parse(data.providers)

/** Name and version of the price list that these lines are for, and its day. */
export const INSTALLED_ORIGIN = `${data.list}, ${data.takenOn}`

/** These and the known providers; of two with the same slug, these take precedence. */
export function factsOf(providers: readonly Facts[]): Facts[] {
  return [...new Map([...PROVIDERS, ...providers].map((facts) => [facts.slug, facts])).values()]
}
