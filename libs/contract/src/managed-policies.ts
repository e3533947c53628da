import * as z from 'zod'
import { instant } from './fields.ts'
import { counted, offsetQuery, one } from './page.ts'
import { PolicyCreate, PolicyWarning } from './policies.ts'
import { PolicyDocument, policyVersion } from './policy-document.ts'

/** The version that the author saw: if it is not the newest, the answer is 409. Absent: the newest. */
const basedOn = policyVersion().optional()

/** A routing policy as the management API (`/api/v1/policies`) shows it. */
export const ManagedPolicy = z.object({
  id: z.string(),
  name: z.string(),
  version: policyVersion(),
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

export const ManagedPolicyListQuery = z.strictObject(offsetQuery)

export const ManagedPolicyCreate = PolicyCreate

/** A `document` makes a new version. */
export const ManagedPolicyPatch = PolicyCreate.partial().extend({ based_on: basedOn })

export const ManagedPolicySave = z.strictObject({ document: PolicyDocument, based_on: basedOn })

export const ManagedPolicyRollback = z.strictObject({ version: policyVersion(), based_on: basedOn })

export const ManagedPolicyVersion = z.object({
  version: policyVersion(),
  document: PolicyDocument,
  author: z.string().nullable(),
  created_at: instant(),
})
export type ManagedPolicyVersion = z.infer<typeof ManagedPolicyVersion>

export const ManagedPolicyList = counted(ManagedPolicy)
export type ManagedPolicyList = z.infer<typeof ManagedPolicyList>
export const ManagedPolicyVersionList = counted(ManagedPolicyVersion)
export type ManagedPolicyVersionList = z.infer<typeof ManagedPolicyVersionList>
export const ManagedPolicyAnswer = one(ManagedPolicy).extend({ warnings: z.array(PolicyWarning) })
export type ManagedPolicyAnswer = z.infer<typeof ManagedPolicyAnswer>
export const ManagedPolicyDeleted = z.object({ deleted: z.literal(true) })
export type ManagedPolicyDeleted = z.infer<typeof ManagedPolicyDeleted>
