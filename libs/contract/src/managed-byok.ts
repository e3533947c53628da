import * as z from 'zod'
import { instant, name, wholeNumber } from './fields.ts'
import {
  OWN_LIMITED_TO_MAX,
  OWN_MAX,
  OWN_NAME_LENGTH_MAX,
  OWN_PRIORITY_MAX,
  OWN_SECRET_LENGTH_MAX,
  OWN_SECRET_LENGTH_MIN,
} from './byok.ts'
import { one } from './page.ts'

/** A provider key as the management API (`/api/v1/byok`) shows it, in OpenRouter's words and with its fields. */
export const ManagedByokKey = z.object({
  id: z.uuid(),
  name: z.string(),
  /** How the credential is recognised: its last four characters, `...AbCd`; `...` for one of less than 12. */
  label: z.string(),
  /** The provider's slug. */
  provider: z.string(),
  disabled: z.boolean(),
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
const saidByPolicy = () =>
  z
    .literal(false, {
      error:
        'is not said by the key here: save a policy with "own_capacity": "only" and attach it to the keys, workspaces or the organisation that it shall hold for; send false, or leave it out',
    })
    .optional()
const ofEverybody = () =>
  z
    .null({ error: 'people do not send requests, keys do: use allowed_api_key_hashes; send null, or leave it out' })
    .optional()
const ofTheOrganisation = () =>
  z
    .null({
      error:
        'provider keys hold in every workspace: use allowed_api_key_hashes to keep one to some keys; send null, or leave it out',
    })
    .optional()

const KEPT = 'must be the provider’s key as one line of visible characters without spaces'
const secret = () =>
  z
    .string({ error: KEPT })
    .trim()
    .min(OWN_SECRET_LENGTH_MIN, `must have at least ${OWN_SECRET_LENGTH_MIN} characters`)
    .max(OWN_SECRET_LENGTH_MAX, `must have at most ${OWN_SECRET_LENGTH_MAX} characters`)
    .regex(/^[\x21-\x7e]+$/, KEPT)
const ORDER = `must be a whole number from 0 to ${OWN_PRIORITY_MAX}; smaller is tried first`
const limitedTo = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .min(1, 'must name at least one; send null for no restriction')
    .max(OWN_LIMITED_TO_MAX, `must name at most ${OWN_LIMITED_TO_MAX}`)
    .nullable()
    .optional()
const HASH = 'must be the hash of an API key: 16 hexadecimal characters'
const hashes = () => limitedTo(z.string({ error: HASH }).regex(/^[0-9a-f]{16}$/, HASH))
const slugs = () => limitedTo(z.string().min(1).max(256))

/** Fields of both creation and change. */
const fields = {
  name: name(OWN_NAME_LENGTH_MAX).nullable().optional(),
  disabled: z.boolean().optional(),
  is_fallback: z.boolean().optional(),
  sort_order: z.int({ error: ORDER }).min(0, ORDER).max(OWN_PRIORITY_MAX, ORDER).optional(),
  allowed_models: slugs(),
  allowed_api_key_hashes: hashes(),
  allowed_user_ids: ofEverybody(),
  is_required: saidByPolicy(),
  is_byok_only: saidByPolicy(),
}

export const ManagedByokCreate = z.strictObject({
  ...fields,
  provider: z.string({ error: 'must be the slug of a provider, such as "openai"' }).min(1).max(100),
  /** The provider's key, in plain. No answer ever shows it. */
  key: secret(),
  workspace_id: ofTheOrganisation(),
})
export type ManagedByokCreate = z.infer<typeof ManagedByokCreate>

/** Absent fields stay as they are; `key` replaces the credential. */
export const ManagedByokPatch = z.strictObject({ ...fields, key: secret().optional() })
export type ManagedByokPatch = z.infer<typeof ManagedByokPatch>

export const ManagedByokListQuery = z.strictObject({
  offset: wholeNumber(0, 1_000_000).default(0),
  limit: wholeNumber(1, 100).default(OWN_MAX),
  provider: z.string().min(1).max(100).optional(),
})
export type ManagedByokListQuery = z.infer<typeof ManagedByokListQuery>

export const ManagedByokList = z.object({ data: z.array(ManagedByokKey), total_count: z.int() })
export type ManagedByokList = z.infer<typeof ManagedByokList>
export const ManagedByokAnswer = one(ManagedByokKey)
export type ManagedByokAnswer = z.infer<typeof ManagedByokAnswer>
export const ManagedByokDeleted = z.object({ deleted: z.literal(true) })
export type ManagedByokDeleted = z.infer<typeof ManagedByokDeleted>
