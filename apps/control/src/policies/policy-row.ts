import type { Policy, PolicyVersion } from '@turnpike/contract'
import type { PolicySummary, SavedVersion } from '@turnpike/store'
import { objectsOf } from '../parse.ts'

export const policies = objectsOf('policy')

/** A policy as the console shows it. */
export function policyRow({ document, createdAt, changedAt, attached, ...policy }: PolicySummary): Policy {
  return {
    ...policy,
    document: document as Policy['document'],
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
    attached: { ...attached, workspaces: [...attached.workspaces], keys: [...attached.keys] },
  }
}

/** One of its versions. */
export function versionRow({ document, createdAt, ...version }: SavedVersion): PolicyVersion {
  return { ...version, document: document as PolicyVersion['document'], createdAt: createdAt.toISOString() }
}
