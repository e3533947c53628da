import * as z from 'zod'
import { instant, name, wholeNumber } from './fields.ts'
import { one, PAGE_MAX } from './page.ts'
import { POLICY_NAME_LENGTH_MAX, PolicyWarning } from './policies.ts'
import { PolicyDocument } from './policy-document.ts'

/** Versions of one policy. */
const VERSION_MAX = 1_000_000
const version = () => z.int().min(1).max(VERSION_MAX)
/** The version that the author saw: if it is not the newest, the answer is 409. Absent: the newest. */
const basedOn = () => version().optional()

/** A routing policy as the management API (`/api/v1/policies`) shows it. */
export const ManagedPolicy = z.object({
  id: z.string(),
  name: z.string(),
  version: version(),
  document: PolicyDocument,
  attached: z.object({
    organisation: z.boolean(),
    workspaces: z.array(z.object({ id: z.string(), name: z.string() })),
    keys: z.array(z.object({ hash: z.string(), name: z.string() })),
  }),
  created_at: instant(),
  /** When its newest version was saved. */
  updated_at: instant(),
})
export type ManagedPolicy = z.infer<typeof ManagedPolicy>

export const ManagedPolicyListQuery = z.strictObject({
  offset: wholeNumber(0, 1_000_000).default(0),
  limit: wholeNumber(1, PAGE_MAX).default(PAGE_MAX),
})
export type ManagedPolicyListQuery = z.infer<typeof ManagedPolicyListQuery>

export const ManagedPolicyCreate = z.strictObject({ name: name(POLICY_NAME_LENGTH_MAX), document: PolicyDocument })
export type ManagedPolicyCreate = z.infer<typeof ManagedPolicyCreate>

/** A `document` makes a new version. */
export const ManagedPolicyPatch = z.strictObject({
  name: name(POLICY_NAME_LENGTH_MAX).optional(),
  document: PolicyDocument.optional(),
  based_on: basedOn(),
})
export type ManagedPolicyPatch = z.infer<typeof ManagedPolicyPatch>

export const ManagedPolicySave = z.strictObject({ document: PolicyDocument, based_on: basedOn() })
export type ManagedPolicySave = z.infer<typeof ManagedPolicySave>

export const ManagedPolicyRollback = z.strictObject({ version: version(), based_on: basedOn() })
export type ManagedPolicyRollback = z.infer<typeof ManagedPolicyRollback>

export const ManagedPolicyVersion = z.object({
  version: version(),
  document: PolicyDocument,
  author: z.string().nullable(),
  created_at: instant(),
})
export type ManagedPolicyVersion = z.infer<typeof ManagedPolicyVersion>

export const ManagedPolicyList = z.object({ data: z.array(ManagedPolicy), total_count: z.int() })
export type ManagedPolicyList = z.infer<typeof ManagedPolicyList>
export const ManagedPolicyVersionList = z.object({ data: z.array(ManagedPolicyVersion), total_count: z.int() })
export type ManagedPolicyVersionList = z.infer<typeof ManagedPolicyVersionList>
export const ManagedPolicyAnswer = one(ManagedPolicy).extend({ warnings: z.array(PolicyWarning) })
export type ManagedPolicyAnswer = z.infer<typeof ManagedPolicyAnswer>
export const ManagedPolicyDeleted = z.object({ deleted: z.literal(true) })
export type ManagedPolicyDeleted = z.infer<typeof ManagedPolicyDeleted>
