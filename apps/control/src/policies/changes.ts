import type { PolicyDocument, PolicyWarning } from '@turnpike/contract'
import {
  archivePolicy,
  createPolicy,
  findPolicy,
  renamePolicy,
  rollBackPolicy,
  savePolicy,
  type Author,
  type Mutated,
  type PolicySummary,
} from '@turnpike/store'
import type { Control } from '../control.ts'
import { refusingUnsatisfiable, routingContextOf } from './combined.ts'
import type { RoutingContext } from './coverage.ts'
import { policies } from './policy-row.ts'
import { problemsOfPolicy } from './unsatisfiable.ts'
import { warningsOf } from './warnings.ts'

/** For the presenters of the console and the management API. */
export interface PolicyOutcome {
  readonly policy: PolicySummary
  readonly warnings: PolicyWarning[]
}

/** Another organisation's policy is as unknown as one that never was. */
export async function policyOf(control: Control, author: Author, id: string): Promise<PolicyOutcome> {
  return outcome(await findPolicy(control.prisma, author.tenantId, id), await contextOf(control, author))
}

export async function makePolicy(
  control: Control,
  author: Author,
  wanted: { readonly name: string; readonly document: PolicyDocument },
): Promise<PolicyOutcome> {
  const context = await contextOf(control, author)
  problemsOfPolicy(wanted.document, context.catalogue, context.own)
  return outcome(await control.published(createPolicy(control.prisma, author, wanted)), context)
}

interface Saving {
  /** The version that the author saw; null: whatever is newest. */
  readonly basedOn: number | null
  /** Called for a policy that is attached to a workspace or the organisation; throws when the change is not allowed. */
  readonly onWide: () => void
}

/** Another document, another name or both: in one transaction. */
export async function changePolicy(
  control: Control,
  author: Author,
  id: string,
  { document, name, ...saving }: Saving & { readonly document?: PolicyDocument; readonly name?: string },
): Promise<PolicyOutcome> {
  const { prisma } = control
  if (!document) {
    return name === undefined
      ? policyOf(control, author, id)
      : published(control, author, renamePolicy(prisma, author, id, name))
  }
  const context = await contextOf(control, author)
  problemsOfPolicy(document, context.catalogue, context.own)
  const checkCombined = refusingUnsatisfiable(context, 'document')
  const wanted = { ...saving, document, checkCombined, ...(name !== undefined && { name }) }
  return published(control, author, savePolicy(prisma, author, id, wanted), context)
}

/** The document of an earlier version becomes the newest one. */
export async function rollBack(
  control: Control,
  author: Author,
  id: string,
  wanted: Saving & { readonly version: number },
): Promise<PolicyOutcome> {
  const context = await contextOf(control, author)
  const checkCombined = refusingUnsatisfiable(context, 'version')
  return published(control, author, rollBackPolicy(control.prisma, author, id, { ...wanted, checkCombined }), context)
}

export function archive(control: Control, author: Author, id: string): Promise<PolicyOutcome> {
  return published(control, author, archivePolicy(control.prisma, author, id, Date.now()))
}

/** @param context as the change was checked against; absent: the change needed none */
async function published(
  control: Control,
  author: Author,
  mutation: Promise<Mutated<PolicySummary | null>>,
  context?: RoutingContext,
): Promise<PolicyOutcome> {
  const policy = await control.published(mutation)
  return outcome(policy, context ?? (await contextOf(control, author)))
}

function outcome(policy: PolicySummary | null, { catalogue, own }: RoutingContext): PolicyOutcome {
  const found = policies.known(policy)
  return { policy: found, warnings: warningsOf(found.document as PolicyDocument, catalogue, own) }
}

function contextOf(control: Control, { tenantId }: Author): Promise<RoutingContext> {
  return routingContextOf(control, tenantId, Date.now())
}
