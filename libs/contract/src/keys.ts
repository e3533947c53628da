import * as z from 'zod'
import { instant, name } from './fields.ts'
import { one, page, pageQuery } from './page.ts'
import { PolicyName } from './policy-document.ts'

/** The public half of a key. */
export const keyId = () => z.string().regex(/^[0-9a-f]{16}$/)

export const KEY_NAME_LENGTH_MAX = 80

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** `test` keys reach simulated endpoints only and are never billed; `mgmt` keys manage and never infer. */
  kind: z.enum(['live', 'test', 'mgmt']),
  lastFour: z.string(),
  /** How the key is recognised once it is not shown any more: `tp_live_…abcd`. */
  label: z.string(),
  createdAt: instant(),
  expiresAt: instant().nullable(),
  revokedAt: instant().nullable(),
  /** When its newest request began, within 30 days; to the millisecond. */
  lastUsedAt: instant().nullable(),
  /** Its own routing policy, within those of its workspace and its organisation. */
  policy: PolicyName.nullable().optional(),
})
export type ApiKey = z.infer<typeof ApiKey>

/** The cursor is the last key of the page before. */
export const KeyListQuery = z.strictObject({ ...pageQuery, cursor: keyId().optional() })

export const KeyCreate = z.strictObject({
  name: name(KEY_NAME_LENGTH_MAX),
  /** `mgmt` is for roles that may do `management-keys:create`. */
  kind: z.enum(['live', 'test', 'mgmt']),
  expiresAt: instant().nullable().optional(),
})
export type KeyCreate = z.infer<typeof KeyCreate>

export const KeyRename = z.strictObject({ name: name(KEY_NAME_LENGTH_MAX) })

export const KeyList = page(ApiKey)
export type KeyList = z.infer<typeof KeyList>
export const KeyAnswer = one(ApiKey)
export type KeyAnswer = z.infer<typeof KeyAnswer>

/** The only answer that ever shows the key itself. */
export const KeyCreated = z.object({ data: ApiKey, key: z.string() })
export type KeyCreated = z.infer<typeof KeyCreated>
