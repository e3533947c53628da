import type { Policy, PolicyVersion } from '@turnpike/contract'
import { Fault } from '@turnpike/domain'
import type { PolicySummary, SavedVersion } from '@turnpike/store'
import * as z from 'zod'

/** A policy as the console shows it. */
export function policyRow({ id, name, version, document, createdAt, changedAt, attached }: PolicySummary): Policy {
  return {
    id,
    name,
    version,
    document: document as Policy['document'],
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
    attached: {
      organisation: attached.organisation,
      workspaces: [...attached.workspaces],
      keys: [...attached.keys],
    },
  }
}

/** One of its versions. */
export function versionRow({ version, document, author, createdAt }: SavedVersion): PolicyVersion {
  return { version, document: document as PolicyVersion['document'], author, createdAt: createdAt.toISOString() }
}

/** Throws for a malformed id the same Fault as for an unknown one. */
export function policyId(text: string): string {
  if (z.uuid().safeParse(text).success) return text
  throw noSuchPolicy()
}

export function noSuchPolicy(): Fault {
  return new Fault('object_unknown', 'There is no such policy.')
}
