import * as z from 'zod'
import { instant, name } from './fields.ts'
import { KEY_NAME_LENGTH_MAX } from './keys.ts'
import { counted, offsetQuery, one } from './page.ts'

/** Dollars. Exact up to nine million dollars at nine decimals. */
const dollars = () => z.number()

/** A key as the management API (`/api/v1/keys`) shows it, in OpenRouter's words and with its fields. */
export const ManagedKey = z.object({
  /** The id of the key: its public half, 16 hexadecimal characters. The key cannot be computed from it. */
  hash: z.string(),
  name: z.string(),
  /** How the key is recognised once it is not shown any more: `tp_live_…abcd`. */
  label: z.string(),
  kind: z.enum(['live', 'test', 'mgmt']),
  /** Revoked, which is for good. */
  disabled: z.boolean(),
  limit: dollars().nullable(),
  limit_remaining: dollars().nullable(),
  limit_reset: z.enum(['daily', 'weekly', 'monthly']).nullable(),
  include_byok_in_limit: z.boolean(),
  /** Ever, and since midnight, Monday and the first of the month, in UTC. */
  usage: dollars(),
  usage_daily: dollars(),
  usage_weekly: dollars(),
  usage_monthly: dollars(),
  byok_usage: dollars(),
  byok_usage_daily: dollars(),
  byok_usage_weekly: dollars(),
  byok_usage_monthly: dollars(),
  created_at: instant(),
  updated_at: instant().nullable(),
  expires_at: instant().nullable(),
  /** Null for keys that a management key made. */
  creator_user_id: z.string().nullable(),
  workspace_id: z.string(),
  /** Its own routing policy, within those of its workspace and its organisation; null: none. */
  policy_id: z.string().nullable(),
})
export type ManagedKey = z.infer<typeof ManagedKey>

export const ManagedKeyListQuery = z.strictObject({
  ...offsetQuery,
  include_disabled: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
  /** Absent: all of the organisation. */
  workspace_id: z.uuid().optional(),
})

/** An unsupported limit is refused: one that is not enforced is worse than none. */
const unlimited = z.null({ error: 'keys have no limit of their own; send null, or leave it out' }).optional()
const noLimits = {
  limit: unlimited,
  limit_reset: unlimited,
  include_byok_in_limit: z
    .literal(false, { error: 'keys have no limit of their own; send false, or leave it out' })
    .optional(),
}

export const ManagedKeyCreate = z.strictObject({
  name: name(KEY_NAME_LENGTH_MAX),
  /** A management key makes no others of its kind, so that a stolen one creates no others. */
  kind: z
    .enum(['live', 'test'], { error: 'must be live or test; management keys are made in the console' })
    .default('live'),
  expires_at: z.iso.datetime({ error: 'must be a time in UTC, such as 2027-01-01T00:00:00Z' }).nullable().optional(),
  /** Absent: the workspace of the management key. */
  workspace_id: z.uuid().nullable().optional(),
  creator_user_id: z
    .null({ error: 'keys made by a management key belong to no person; send null, or leave it out' })
    .optional(),
  ...noLimits,
})

export const ManagedKeyPatch = z.strictObject({
  name: name(KEY_NAME_LENGTH_MAX).optional(),
  disabled: z.literal(false, { error: 'keys are revoked for good, not for a while; use DELETE for that' }).optional(),
  /** Null detaches. */
  policy_id: z.uuid({ error: 'must be the id of a policy, or null for none' }).nullable().optional(),
  ...noLimits,
})

export const ManagedKeyList = counted(ManagedKey)
export type ManagedKeyList = z.infer<typeof ManagedKeyList>
export const ManagedKeyAnswer = one(ManagedKey)
export type ManagedKeyAnswer = z.infer<typeof ManagedKeyAnswer>

/** The only answer that ever shows the key itself. */
export const ManagedKeyCreated = z.object({ data: ManagedKey, key: z.string() })
export type ManagedKeyCreated = z.infer<typeof ManagedKeyCreated>

/** 200: revoked. 202: taken while the database was away; the key is refused within three seconds all the same. */
export const ManagedKeyDeleted = z.union([
  z.object({ deleted: z.literal(true) }),
  z.object({ status: z.literal('revocation_pending') }),
])
export type ManagedKeyDeleted = z.infer<typeof ManagedKeyDeleted>
