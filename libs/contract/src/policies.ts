import * as z from 'zod'
import { instant, name, wholeNumber } from './fields.ts'
import { one, page, pageQuery } from './page.ts'
import { PolicyDocument, PolicyName, policyVersion, VERSION_MAX } from './policy-document.ts'
import { CandidateRow, RemovedRow } from './requests.ts'

const POLICY_NAME_LENGTH_MAX = 80
/** A policy with its newest version. */
export const Policy = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Number of the newest version, which is the one in force. */
  version: policyVersion(),
  document: PolicyDocument,
  createdAt: instant(),
  /** When its newest version was saved. */
  changedAt: instant(),
  /** What it is attached to. */
  attached: z.object({
    organisation: z.boolean(),
    workspaces: z.array(z.object({ id: z.string(), name: z.string() })),
    keys: z.array(z.object({ id: z.string(), name: z.string() })),
  }),
})
export type Policy = z.infer<typeof Policy>

/** Archived ones are left out. The cursor is the last policy of the page before. */
export const PolicyListQuery = z.strictObject({ ...pageQuery, cursor: z.uuid().optional() })
export const PolicyList = page(Policy)
export type PolicyList = z.infer<typeof PolicyList>

/** A warning about a valid document, such as all targets in one failure domain. */
export const PolicyWarning = z.object({ code: z.string(), message: z.string() })
export type PolicyWarning = z.infer<typeof PolicyWarning>

export const PolicyAnswer = one(Policy).extend({ warnings: z.array(PolicyWarning) })
export type PolicyAnswer = z.infer<typeof PolicyAnswer>

export const PolicyCreate = z.strictObject({ name: name(POLICY_NAME_LENGTH_MAX), document: PolicyDocument })

export const PolicyRename = z.strictObject({ name: name(POLICY_NAME_LENGTH_MAX) })

/**
 * A new version. `basedOn` is the version that the author saw: if it is not the newest, the answer is 409. Combined with the other
 * policies wherever the policy is attached, the new version must leave an endpoint; the same holds for a rollback.
 */
export const PolicySave = z.strictObject({ document: PolicyDocument, basedOn: policyVersion() })

export const PolicyVersion = z.object({
  version: policyVersion(),
  document: PolicyDocument,
  /** Who saved it: an e-mail address, or the name of a management key. Null: the system. */
  author: z.string().nullable(),
  createdAt: instant(),
})
export type PolicyVersion = z.infer<typeof PolicyVersion>
/** The cursor is the last version of the page before. */
export const PolicyVersionListQuery = z.strictObject({ ...pageQuery, cursor: wholeNumber(1, VERSION_MAX).optional() })
/** Newest first. */
export const PolicyVersionList = page(PolicyVersion)
export type PolicyVersionList = z.infer<typeof PolicyVersionList>

/** The document of an earlier version becomes a new one. */
export const PolicyRollback = z.strictObject({ version: policyVersion(), basedOn: policyVersion() })

/**
 * Body of PUT `/keys/{id}/policy`, `/workspaces/{id}/policy` and `/organisation/policy`. Null detaches, which is never refused. A policy
 * that combined with the others there leaves no endpoint is refused: 400, with their names and the count per stage.
 */
export const PolicyAttachment = z.strictObject({ policyId: z.uuid().nullable() })
export type PolicyAttachment = z.infer<typeof PolicyAttachment>

/** The answer to each of them: what is attached now. */
export const PolicyAttached = one(z.object({ policy: PolicyName.nullable() }))
export type PolicyAttached = z.infer<typeof PolicyAttached>

/** A sample request that a draft is tried on. No provider is called. */
const RouteSample = z.strictObject({
  models: z.array(z.string().min(1).max(256)).min(1).max(16),
  promptTokens: z.int().min(0).max(10_000_000).default(1_000),
  maxTokens: z.int().min(1).max(10_000_000).nullable().default(null),
  parameters: z.array(z.string().min(1).max(64)).max(50).default([]),
  /** When it comes; absent: now. */
  at: instant().optional(),
  /** Provider slugs or endpoint ids that are assumed to be down. */
  down: z.array(z.string().min(1).max(100)).max(50).default([]),
  /** The draw, where the objective draws. Absent: the answer has each endpoint’s chance, the most likely one first. */
  draw: z.number().min(0).max(1).optional(),
})

/** Body of POST `/policies/preview`: a draft alone, within the organisation's and the workspace's own policies. */
export const PolicyPreviewQuestion = z.strictObject({
  document: PolicyDocument,
  sample: RouteSample,
  /** The policy whose next version the draft is: wherever that policy is attached, the draft replaces it. Absent: a new one. */
  policyId: z.uuid().optional(),
})
export type PolicyPreviewQuestion = z.infer<typeof PolicyPreviewQuestion>

export const PolicyPreview = z.object({
  objective: z.enum(['balanced', 'cost', 'latency', 'throughput', 'uptime', 'pinned', 'weighted']),
  /** Index of the schedule's window that is open then; null for none. */
  window: z.int().nullable(),
  /** Here `weight` is the chance to be drawn first for its model, from 0 to 1; null where nothing is drawn. */
  candidates: z.array(CandidateRow),
  removed: z.array(RemovedRow),
  targets: z.array(z.string()),
  fallbacks: z.array(z.string()),
  /** Endpoints of the sample's models, and how many each stage removed. */
  total: z.int(),
  removedByStage: z.record(z.string(), z.int()),
  warnings: z.array(PolicyWarning),
})
export type PolicyPreview = z.infer<typeof PolicyPreview>
export const PolicyPreviewAnswer = one(PolicyPreview)
export type PolicyPreviewAnswer = z.infer<typeof PolicyPreviewAnswer>
