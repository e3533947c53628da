import { DIALECTS, PLACEMENTS, REGION } from '@turnpike/domain'
import * as z from 'zod'
import { between, dollars, instant, name, wholeNumber } from './fields.ts'
import { TEST_RESULTS } from './lists.ts'
import { one, page, PAGE_MAX } from './page.ts'

/** Bounds of the BYOK resources of an organisation. */
export const OWN_NAME_LENGTH_MAX = 80
/** Of each kind, in one organisation. */
export const OWN_MAX = 50
export const OWN_PRIORITY_MAX = 99
const OWN_SHARE_MAX = 1_000
/** Models, and API keys, that one provider key may be limited to. */
export const OWN_LIMITED_TO_MAX = 100
const OWN_SECRET_LENGTH_MIN = 8
const OWN_SECRET_LENGTH_MAX = 8_192
const OWN_SLUG_LENGTH_MAX = 40
const TOKENS_MAX = 100_000_000
const WORDS_MAX = 100
/** As the column allows. */
const REGIONS_MAX = 20

const placement = z.enum(PLACEMENTS)

/** The last test call of a stored secret. */
export const OwnTest = z.object({
  result: z.enum(TEST_RESULTS),
  /** When it was made. */
  at: instant(),
  /** HTTP status of the provider; null: there was no answer. */
  status: z.int().nullable(),
})
export type OwnTest = z.infer<typeof OwnTest>

/** The answer to a test call. It holds nothing of the provider's body. */
export const OwnTestAnswer = one(
  OwnTest.extend({
    /** A sentence to show. */
    message: z.string(),
  }),
)
export type OwnTestAnswer = z.infer<typeof OwnTestAnswer>

/** A credential as the provider issued it. No answer shows it. @param error what is said of other characters */
export const secretOf = (error: string) =>
  z
    .string({ error })
    .trim()
    .min(OWN_SECRET_LENGTH_MIN, `must have at least ${OWN_SECRET_LENGTH_MIN} characters`)
    .max(OWN_SECRET_LENGTH_MAX, `must have at most ${OWN_SECRET_LENGTH_MAX} characters`)
    .regex(/^[\x21-\x7e]+$/, error)
const secret = secretOf('must be visible characters without spaces, as the provider shows it')
const PRIORITY = `must be a whole number from 0 to ${OWN_PRIORITY_MAX}; smaller is tried first`
export const priority = between(0, OWN_PRIORITY_MAX, PRIORITY)
/** Null: all. @param none what is said of an empty list @param many what is said of a long one */
export const limitedTo = <Item extends z.ZodType>(item: Item, none: string, many: string) =>
  z.array(item).min(1, none).max(OWN_LIMITED_TO_MAX, many).nullable()
const NONE = 'name at least one, or send null for all'
const MANY = `at most ${OWN_LIMITED_TO_MAX}`
const KEY_ID = 'must be the id of an API key: 16 hexadecimal characters'

/** A credential of the organisation's own at a provider of the catalogue. Its secret is never shown. */
export const ProviderKey = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Slug and name of the provider. */
  provider: z.string(),
  providerName: z.string(),
  /** The end of the secret, empty for one of less than 12 characters. The fingerprint is the same for the same secret. */
  lastFour: z.string(),
  fingerprint: z.string(),
  /** Grows with each new secret. */
  version: z.int().min(1),
  /** The only place that the secret is sent to: an origin such as `https://api.example.com`, or `simulated`. */
  boundTo: z.string(),
  /** The provider has moved since: the key is not used until its secret is replaced, which binds it to the new address. */
  moved: z.boolean(),
  placement,
  /** 0 to 99; smaller is tried first. */
  priority: z.int(),
  /** Of the traffic of one priority, relative. */
  share: z.number(),
  /** Only for these models; null: for all. */
  models: z.array(z.string()).nullable(),
  /** Only for requests with these keys; null: with all. A deleted key has no name. */
  keys: z.array(z.object({ id: z.string(), name: z.string().nullable() })).nullable(),
  /** Credits pay for requests while the provider refuses the key. False: only the key serves them, and they fail. */
  creditFallback: z.boolean(),
  disabled: z.boolean(),
  /** Its present secret has passed no test, and nobody activated it all the same: no request uses it. */
  awaitsTest: z.boolean(),
  /** Null: its present secret was never tested. */
  test: OwnTest.nullable(),
  createdAt: instant(),
  /** E-mail address of the person, or name of the management key; null: neither exists any more. */
  createdBy: z.string().nullable(),
})
export type ProviderKey = z.infer<typeof ProviderKey>

/** The cursor is the last row of the page before. */
const ownPage = { limit: wholeNumber(1, PAGE_MAX).default(OWN_MAX), cursor: z.uuid().optional() }

export const ProviderKeyListQuery = z.strictObject({
  ...ownPage,
  /** Only those at this provider. */
  provider: z.string().min(1).max(100).optional(),
})
/** By provider, and within it as they are tried: placement, priority, age. */
export const ProviderKeyList = page(ProviderKey)
export type ProviderKeyList = z.infer<typeof ProviderKeyList>
export const ProviderKeyAnswer = one(ProviderKey)
export type ProviderKeyAnswer = z.infer<typeof ProviderKeyAnswer>

const keyFields = {
  name: name(OWN_NAME_LENGTH_MAX),
  placement,
  priority,
  share: between(1, OWN_SHARE_MAX, `must be a whole number from 1 to ${OWN_SHARE_MAX}`),
  models: limitedTo(z.string().min(1).max(256), NONE, MANY),
  keys: limitedTo(z.string({ error: KEY_ID }).regex(/^[0-9a-f]{16}$/, KEY_ID), NONE, MANY),
  creditFallback: z.boolean(),
  disabled: z.boolean(),
  /** Uses the key though no test has passed. */
  force: z.literal(true),
}

export const ProviderKeyCreate = z.strictObject({
  ...keyFields,
  provider: z.string().min(1, 'Name the provider.').max(100),
  secret,
  placement: placement.default('first'),
  priority: priority.default(0),
  share: keyFields.share.default(1),
  models: keyFields.models.default(null),
  keys: keyFields.keys.default(null),
  creditFallback: z.boolean().default(true),
  disabled: z.boolean().default(false),
  force: keyFields.force.optional(),
})

/** Absent fields stay as they are. The provider never changes, and the secret has a route of its own. */
export const ProviderKeyChange = z.strictObject(keyFields).partial()
export type ProviderKeyChange = z.infer<typeof ProviderKeyChange>

/** Models that a consequence lists; its sum counts the others too. */
export const CONSEQUENCE_MODELS_MAX = 20

/** The requests of the last day that would have gone to a key first, the most first. */
export const KeyConsequence = one(
  z.object({
    requests: z.int(),
    models: z.array(z.object({ model: z.string(), requests: z.int() })).max(CONSEQUENCE_MODELS_MAX),
  }),
)
export type KeyConsequence = z.infer<typeof KeyConsequence>

/** Keys that their provider refused at the last request that used them. */
export const FailingKeys = z.object({
  data: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      providerName: z.string(),
      /** Credits pay for these requests; false: they fail. */
      creditFallback: z.boolean(),
      /** The first refusal since the key last worked, within the last day. */
      since: instant(),
      requests: z.int().min(1),
    }),
  ),
})
export type FailingKeys = z.infer<typeof FailingKeys>

/** Body of PUT `/provider-keys/{id}/secret`. */
export const SecretReplace = z.strictObject({ secret })

/** Body of PUT `/own-endpoints/{id}/secret`. Null: it asks for no credential. */
export const EndpointSecretReplace = z.strictObject({ secret: secret.nullable() })

const DOLLARS = 'must be dollars as a decimal string, such as "0.15"; "0" where it costs nothing'
/** Dollars: what the longest answer costs at such prices still fits the sums of usage. */
const OWN_PRICE_MAX = 10_000
const amount = dollars(DOLLARS).refine((written) => Number(written) <= OWN_PRICE_MAX, {
  error: `must be ${OWN_PRICE_MAX} dollars at most`,
})

/** Declared by the tenant: decimal dollars per million tokens, `request` for each call. */
export const OwnPrice = z.strictObject({
  prompt: amount,
  completion: amount,
  /** Null: as `prompt`. */
  cached: amount.nullable().default(null),
  request: amount,
})
export type OwnPrice = z.infer<typeof OwnPrice>

const tokens = z.int().min(1).max(TOKENS_MAX)
const wordList = z.array(z.string().min(1).max(64)).max(WORDS_MAX)
const modalities = z.array(z.string().min(1).max(32)).min(1).max(10)
const PLACE = 'must be two letters in lower case: a country such as "de", or "eu"'
const regions = z.array(z.string({ error: PLACE }).regex(REGION, PLACE)).max(REGIONS_MAX)

/** The fields of an own endpoint, the same in requests and answers. */
const endpointFields = {
  name: name(OWN_NAME_LENGTH_MAX),
  dialect: z.enum(DIALECTS),
  /** Ends where the dialect's paths begin: `https://llm.example.com/v1`. */
  baseUrl: z.string().min(1, 'Give its address.').max(500, 'At most 500 characters.'),
  /** The name that the endpoint knows the model by. */
  upstreamModel: z.string().trim().min(1, 'Give the name that the endpoint knows the model by.').max(200),
  /** A model of the catalogue, or one of the organisation's own: `~tenant/name`. */
  model: z.string().min(1).max(256),
  contextLength: tokens,
  maxCompletionTokens: tokens.nullable(),
  supportedParameters: wordList,
  inputModalities: modalities,
  outputModalities: modalities,
  price: OwnPrice,
  /** Its provider may keep or train on prompts. */
  retainsPrompts: z.boolean(),
  /** Keeps nothing of a request once it is answered. */
  zeroRetention: z.boolean(),
  /** Where it processes, and nowhere else. Empty: unknown, and then no policy with regions allows it. */
  regions,
  placement,
  priority,
}

/** An endpoint that the organisation runs or rents. */
export const OwnEndpointRow = z.object({
  ...endpointFields,
  id: z.uuid(),
  /** Its provider is `~slug`, its id in requests and decisions `~slug/model`. */
  slug: z.string(),
  disabled: z.boolean(),
  /** Of its secret; null: it asks for no credential. */
  lastFour: z.string().nullable(),
  fingerprint: z.string().nullable(),
  version: z.int().min(1),
  /** Grows with each new price. */
  priceVersion: z.int(),
  /** Null: never tested since its last change. */
  test: OwnTest.nullable(),
  createdAt: instant(),
  createdBy: z.string().nullable(),
})
export type OwnEndpointRow = z.infer<typeof OwnEndpointRow>

export const OwnEndpointListQuery = z.strictObject(ownPage)
/** By name. */
export const OwnEndpointList = page(OwnEndpointRow)
export type OwnEndpointList = z.infer<typeof OwnEndpointList>
export const OwnEndpointAnswer = one(OwnEndpointRow)
export type OwnEndpointAnswer = z.infer<typeof OwnEndpointAnswer>

export const OwnEndpointCreate = z.strictObject({
  ...endpointFields,
  slug: z
    .string()
    .regex(
      new RegExp(`^[a-z0-9-]{1,${OWN_SLUG_LENGTH_MAX}}$`),
      `must be 1 to ${OWN_SLUG_LENGTH_MAX} of a to z, 0 to 9 and the hyphen`,
    ),
  /** Null: it asks for no credential. */
  secret: secret.nullable().default(null),
  maxCompletionTokens: endpointFields.maxCompletionTokens.default(null),
  supportedParameters: wordList.default([]),
  inputModalities: modalities.default(['text']),
  outputModalities: modalities.default(['text']),
  /** Absent: the endpoint counts as one that keeps prompts. */
  retainsPrompts: z.boolean().default(true),
  zeroRetention: z.boolean().default(false),
  regions: regions.default([]),
  placement: placement.default('first'),
  priority: priority.default(0),
  disabled: z.boolean().default(false),
})

/**
 * Absent fields stay as they are. Slug and model never change, since recorded decisions name them. A `baseUrl` at another origin needs
 * the secret again (`secret`, or null for none): a stored secret is sent only to the origin that it was stored for.
 */
export const OwnEndpointChange = z
  .strictObject({ ...endpointFields, disabled: z.boolean(), secret: secret.nullable() })
  .omit({ model: true })
  .partial()

/** A deleted row. */
export const OwnDeleted = z.object({ deleted: z.literal(true) })
export type OwnDeleted = z.infer<typeof OwnDeleted>
