import type { ManagedPolicy, ManagedPolicyVersion } from '@turnpike/contract'
import type { PolicySummary, SavedVersion } from '@turnpike/store'

/** A policy in the words of the management API. */
export function managedPolicyRow({ id, name, version, document, ...policy }: PolicySummary): ManagedPolicy {
  const { organisation, workspaces, keys } = policy.attached
  return {
    id,
    name,
    version,
    document: document as ManagedPolicy['document'],
    attached: {
      organisation,
      workspaces: [...workspaces],
      keys: keys.map((key) => ({ hash: key.id, name: key.name })),
    },
    created_at: policy.createdAt.toISOString(),
    updated_at: policy.changedAt.toISOString(),
  }
}

/** One of its versions. */
export function managedVersionRow({ version, document, author, createdAt }: SavedVersion): ManagedPolicyVersion {
  return {
    version,
    document: document as ManagedPolicyVersion['document'],
    author,
    created_at: createdAt.toISOString(),
  }
}
