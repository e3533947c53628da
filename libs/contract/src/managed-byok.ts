import * as z from 'zod'
import { instant, name, wholeNumber } from './fields.ts'
import { limitedTo, OWN_LIMITED_TO_MAX, OWN_MAX, OWN_NAME_LENGTH_MAX, OwnTest, priority, secretOf } from './byok.ts'
import { counted, offsetQuery, one } from './page.ts'

/** A provider key as the management API (`/api/v1/byok`) shows it, in OpenRouter's words and with its fields. */
export const ManagedByokKey = z.object({
  id: z.uuid(),
  name: z.string(),
  /** How the credential is recognised: its last four characters, `...AbCd`; `...` for one of less than 12. */
  label: z.string(),
  /** The provider's slug. */
  provider: z.string(),
  /** No request uses it: it was disabled, or it awaits a test. */
  disabled: z.boolean(),
  /** Its present credential has passed no test; `force` uses it all the same. */
  awaits_test: z.boolean(),
  /** The last test of the present credential; null: there was none. */
  test: OwnTest.nullable(),
  /** Credits pay for requests while the provider refuses the credential. */
  credit_fallback: z.boolean(),
  /** Tried after operator accounts, not before. */
  is_fallback: z.boolean(),
  /** Smaller is tried first, among those of a provider that are fallbacks and among those that are not. */
  sort_order: z.int(),
  /** Null: unrestricted, each of the three. */
  allowed_models: z.array(z.string()).nullable(),
  allowed_api_key_hashes: z.array(z.string()).nullable(),
  allowed_user_ids: z.null(),
  /** Always false: a policy with `own_capacity` excludes operator accounts. */
  is_required: z.literal(false),
  is_byok_only: z.literal(false),
  /** The workspace of the management key that asks: provider keys hold in every workspace of the organisation. */
  workspace_id: z.string(),
  created_at: instant(),
})
export type ManagedByokKey = z.infer<typeof ManagedByokKey>

/** An unsupported restriction is refused: one that is not enforced is worse than none. */
const saidByPolicy = z
  .literal(false, {
    error:
      'is not said by the key here: save a policy with "own_capacity": "only" and attach it to the keys, workspaces or the organisation that it shall hold for; send false, or leave it out',
  })
  .optional()

const secret = secretOf('must be the provider’s key as one line of visible characters without spaces')
const NONE = 'must name at least one; send null for no restriction'
const MANY = `must name at most ${OWN_LIMITED_TO_MAX}`
const HASH = 'must be the hash of an API key: 16 hexadecimal characters'

/** Fields of both creation and change. */
const fields = {
  name: name(OWN_NAME_LENGTH_MAX).nullable().optional(),
  disabled: z.boolean().optional(),
  credit_fallback: z.boolean().optional(),
  /** Uses the credential though no test has passed. */
  force: z.literal(true).optional(),
  is_fallback: z.boolean().optional(),
  sort_order: priority.optional(),
  allowed_models: limitedTo(z.string().min(1).max(256), NONE, MANY).optional(),
  allowed_api_key_hashes: limitedTo(z.string({ error: HASH }).regex(/^[0-9a-f]{16}$/, HASH), NONE, MANY).optional(),
  allowed_user_ids: z
    .null({ error: 'people do not send requests, keys do: use allowed_api_key_hashes; send null, or leave it out' })
    .optional(),
  is_required: saidByPolicy,
  is_byok_only: saidByPolicy,
}

export const ManagedByokCreate = z.strictObject({
  ...fields,
  provider: z.string({ error: 'must be the slug of a provider, such as "openai"' }).min(1).max(100),
  /** The provider's key, in plain. No answer ever shows it. */
  key: secret,
  workspace_id: z
    .null({
      error:
        'provider keys hold in every workspace: use allowed_api_key_hashes to keep one to some keys; send null, or leave it out',
    })
    .optional(),
})

/** Absent fields stay as they are; `key` replaces the credential. */
export const ManagedByokPatch = z.strictObject({ ...fields, key: secret.optional() })

export const ManagedByokListQuery = z.strictObject({
  ...offsetQuery,
  limit: wholeNumber(1, 100).default(OWN_MAX),
  provider: z.string().min(1).max(100).optional(),
})

export const ManagedByokList = counted(ManagedByokKey)
export type ManagedByokList = z.infer<typeof ManagedByokList>
export const ManagedByokAnswer = one(ManagedByokKey)
export type ManagedByokAnswer = z.infer<typeof ManagedByokAnswer>
export const ManagedByokDeleted = z.object({ deleted: z.literal(true) })
export type ManagedByokDeleted = z.infer<typeof ManagedByokDeleted>
