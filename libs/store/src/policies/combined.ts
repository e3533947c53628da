import { openPolicy, type Policy, type PolicyId, type TenantId } from '@turnpike/domain'
import { Prisma } from '../generated/client.ts'
import { documentOf, versionsInForce } from './policies.ts'
import type { Transaction } from '../connections/prisma.ts'

/** An object that a policy can be attached to. A workspace's id is a UUID. */
export type PolicyPlace =
  | { readonly kind: 'organisation' }
  | { readonly kind: 'workspace'; readonly id: string }
  | { readonly kind: 'key'; readonly id: string }

export interface AttachedPolicy {
  readonly id: PolicyId
  readonly name: string
  readonly policy: Policy
  /** The object that it is attached to, as a phrase: `the workspace “Default”`. */
  readonly place: string
}

/** Two or three policies that apply to the same requests: of organisation, workspace and key; the widest first. */
export type CombinedPolicies = readonly AttachedPolicy[]

/**
 * Checks a change before its commit, by the combinations that are in force after it; throws to undo it. Changes of a tenant are
 * serialised: the later of two is checked with the earlier one in force.
 * @param changed the policy that was attached, or that has another version in force
 */
export type CheckCombined = (changed: PolicyId, combined: readonly CombinedPolicies[]) => void

/**
 * Most combinations that are checked for one change, those without a key's policy first. Keys with the same policies are one, so that
 * people make far fewer.
 */
const COMBINATIONS_MAX = 200

/** The combinations that a policy is part of, wherever it is attached. @param policyId a UUID */
export function combinedWith(transaction: Transaction, tenantId: TenantId, policyId: string) {
  const where = Prisma.sql`${policyId}::uuid IN (o.policy_id, w.policy_id, k.policy_id)`
  return combinedPolicies(transaction, tenantId, where)
}

/** The combinations at an organisation, workspace or key, and at everything in it. */
export function combinedAt(transaction: Transaction, tenantId: TenantId, place: PolicyPlace) {
  return combinedPolicies(transaction, tenantId, isAt(place))
}

function isAt(place: PolicyPlace): Prisma.Sql {
  switch (place.kind) {
    case 'organisation':
      return Prisma.sql`true`
    case 'workspace':
      return Prisma.sql`w.id = ${place.id}::uuid`
    case 'key':
      return Prisma.sql`k.id = ${place.id}`
  }
}

/** Ids of policies that apply together, with the names of one workspace and key where they do. */
interface Combination {
  readonly organisation_policy: string | null
  readonly workspace_policy: string | null
  readonly workspace: string
  readonly key_policy: string | null
  readonly key: string | null
}

/** Each workspace is joined once more in place of a key, without a policy, for its keys that have none. */
async function combinedPolicies(
  transaction: Transaction,
  tenantId: TenantId,
  where: Prisma.Sql,
): Promise<readonly CombinedPolicies[]> {
  const combinations = await transaction.$queryRaw<Combination[]>`
    SELECT DISTINCT ON (k.policy_id, w.policy_id)
      o.policy_id AS organisation_policy, w.policy_id AS workspace_policy, w.name AS workspace,
      k.policy_id AS key_policy, k.name AS key
    FROM organisations o
    JOIN workspaces w ON w.tenant_id = o.tenant_id
    JOIN (
      SELECT id, name, workspace_id, policy_id FROM api_keys
      WHERE tenant_id = ${tenantId}::uuid AND policy_id IS NOT NULL AND revoked_at IS NULL
      UNION ALL
      SELECT NULL, NULL, id, NULL FROM workspaces WHERE tenant_id = ${tenantId}::uuid
    ) k ON k.workspace_id = w.id
    WHERE o.tenant_id = ${tenantId}::uuid AND num_nonnulls(o.policy_id, w.policy_id, k.policy_id) > 1 AND ${where}
    ORDER BY k.policy_id NULLS FIRST, w.policy_id NULLS FIRST, w.name, k.name
    LIMIT ${COMBINATIONS_MAX}`
  if (combinations.length === 0) return []
  const known = await policiesNamed(transaction, tenantId, combinations)
  const attached = (id: string | null, place: string): AttachedPolicy[] => {
    const found = id === null ? undefined : known.get(id)
    return found ? [{ ...found, place }] : []
  }
  return combinations.map((one) => [
    ...attached(one.organisation_policy, WHOLE_ORGANISATION),
    ...attached(one.workspace_policy, placeNamed('workspace', one.workspace)),
    ...attached(one.key_policy, placeNamed('key', one.key ?? '')),
  ])
}

async function policiesNamed(
  transaction: Transaction,
  tenantId: TenantId,
  combinations: readonly Combination[],
): Promise<ReadonlyMap<string, Omit<AttachedPolicy, 'place'>>> {
  const named = combinations.flatMap((one) => [one.organisation_policy, one.workspace_policy, one.key_policy])
  const ids = [...new Set(named.filter((id) => id !== null))]
  const rows = await transaction.policy.findMany({ where: { tenantId, id: { in: ids }, archivedAt: null } })
  const versions = await versionsInForce(transaction, rows)
  const policies = rows.flatMap(({ id, name }) => {
    const version = versions.get(id)
    return version ? [{ id: id as PolicyId, name, policy: openPolicy(documentOf(version)) }] : []
  })
  return new Map(policies.map((one) => [one.id, one]))
}

export const WHOLE_ORGANISATION = 'the organisation'

/** A workspace or key as a phrase. */
export function placeNamed(kind: 'workspace' | 'key', name: string): string {
  return `the ${kind} “${name}”`
}
