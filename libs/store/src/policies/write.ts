import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { Fault, type PolicyDocument, type PolicyId } from '@turnpike/domain'
import type { Policy, Prisma } from '../generated/client.ts'
import { notifyConsole } from '../connections/listen.ts'
import { mutate, type Author, type Tables, type Mutated } from '../changes/mutate.ts'
import { documentOf, policyWithin, signed, versionInForce, type PolicySummary } from './policies.ts'
import { combinedAt, combinedWith, placeNamed, WHOLE_ORGANISATION } from './combined.ts'
import type { CheckCombined, PolicyPlace } from './combined.ts'
import type { PrismaClient, Transaction } from '../connections/prisma.ts'

/** Most policies of one organisation; more come from a script that never archives. */
const POLICIES_MAX = 200
/** Most versions of one policy, as of a preset; each may be 64 KiB and is kept for good. */
const VERSIONS_MAX = 1_000
/** Most objects that a refusal names; it counts the others. */
const NAMED_MAX = 5

/** Makes a policy, attached to nothing. Throws Fault `conflict` when there are 200 already. */
export function createPolicy(
  prisma: PrismaClient,
  author: Author,
  { name, document }: { readonly name: string; readonly document: PolicyDocument },
): Promise<Mutated<PolicySummary>> {
  return mutate(prisma, author, async (tables, transaction) => {
    const count = await transaction.policy.count({ where: { tenantId: author.tenantId, archivedAt: null } })
    if (count >= POLICIES_MAX) {
      throw new Fault('conflict', `There are ${POLICIES_MAX} policies already. Archive those that are not needed.`, {
        metadata: { limit: POLICIES_MAX },
      })
    }
    const row = await tables.policies.create({ id: randomUUID() as string as PolicyId, name }, 'policy.create')
    await addVersion(transaction, author, row.id, 1, document)
    return summaryOf(transaction, row)
  })
}

/** Null when the tenant has no such policy. */
export function renamePolicy(prisma: PrismaClient, author: Author, id: string, name: string) {
  return change(prisma, author, id, (tables, _transaction, row) => rename(tables, row, name))
}

async function rename(tables: Tables, row: Policy, name: string): Promise<void> {
  if (row.name !== name) await tables.policies.update(row.id, { name }, 'policy.rename')
}

interface PolicySaving {
  /** Number of the version that the author edited; null: the newest, whichever it is. */
  readonly basedOn: number | null
  /** Called before a policy of a whole organisation or workspace is changed; throws when the author may not. */
  readonly onWide: () => void
  /** Called once another version is in force. */
  readonly checkCombined: CheckCombined
}

/**
 * Puts a new version in force, unless the document is in force already, and renames the policy if a name is given; null when the tenant
 * has no such policy. Throws Fault `conflict`, with author and time of the newest version, when another one was edited, and when there are
 * 1,000 versions already.
 */
export function savePolicy(
  prisma: PrismaClient,
  author: Author,
  id: string,
  { document, name, ...saving }: PolicySaving & { readonly document: PolicyDocument; readonly name?: string },
) {
  return save(prisma, author, id, 'policy.version', saving, async (tables, _transaction, row) => {
    if (name !== undefined) await rename(tables, row, name)
    return document
  })
}

/**
 * The same with an earlier version's document; throws Fault `request_invalid` when there is none. It is not validated again: a provider
 * that left the catalogue since must not prevent a rollback.
 */
export function rollBackPolicy(
  prisma: PrismaClient,
  author: Author,
  id: string,
  { version, ...saving }: PolicySaving & { readonly version: number },
) {
  return save(prisma, author, id, 'policy.rollback', saving, async (_tables, transaction, row) => {
    const earlier = await transaction.policyVersion.findUnique({
      where: { policyId_version: { policyId: id, version } },
    })
    if (!earlier) {
      const message = `There is no version ${version}; the newest is ${row.currentVersion}.`
      throw new Fault('request_invalid', message, { param: 'version', fields: { version: message } })
    }
    return documentOf(earlier)
  })
}

type Work<T> = (tables: Tables, transaction: Transaction, row: Policy) => Promise<T>

/** @param work gives the next document, unless the author may not save */
function save(
  prisma: PrismaClient,
  author: Author,
  id: string,
  action: string,
  saving: PolicySaving,
  work: Work<PolicyDocument>,
) {
  return change(prisma, author, id, async (tables, transaction, row) => {
    await refuseSaving(transaction, row, saving)
    const document = await work(tables, transaction, row)
    const inForce = await versionInForce(transaction, row)
    if (inForce && isDeepStrictEqual(documentOf(inForce), JSON.parse(JSON.stringify(document)))) return
    const next = row.currentVersion + 1
    if (next > VERSIONS_MAX) {
      const message = `This policy has ${VERSIONS_MAX} versions already. Make another policy of it, and archive this one.`
      throw new Fault('conflict', message, { metadata: { limit: VERSIONS_MAX } })
    }
    await addVersion(transaction, author, id, next, document)
    await tables.policies.update(id, { currentVersion: next }, action)
    saving.checkCombined(row.id as PolicyId, await combinedWith(transaction, author.tenantId, id))
  })
}

/** Archives a policy for good; null without such a policy. Throws Fault `conflict` naming what it is attached to. */
export function archivePolicy(prisma: PrismaClient, author: Author, id: string, nowMs: number) {
  return change(prisma, author, id, async (tables, transaction) => {
    const policy = await policyWithin(transaction, author.tenantId, id)
    const places = policy ? placesOf(policy.attached) : []
    if (places.length > 0) {
      const named = [...places.slice(0, NAMED_MAX), ...(places.length > NAMED_MAX ? ['others'] : [])].join(', ')
      throw new Fault('conflict', `This policy is attached to ${named}. Detach it first.`, {
        metadata: { attached: policy?.attached },
      })
    }
    await tables.policies.update(id, { archivedAt: new Date(nowMs) }, 'policy.archive')
  })
}

type PolicyAttached =
  | { readonly kind: 'attached'; readonly policy: { readonly id: PolicyId; readonly name: string } | null }
  | { readonly kind: 'place_unknown' }
  | { readonly kind: 'policy_unknown' }

interface PlaceTable {
  readonly find: (id: string) => Promise<{ readonly policyId: string | null } | null>
  readonly update: (id: string, patch: { policyId: PolicyId | null }, action: string) => Promise<unknown>
}

/**
 * Attaches a policy of the tenant; null detaches the attached one. An archived policy is `policy_unknown`. Detaching is not checked.
 * @param policyId a UUID
 */
export function attachPolicy(
  prisma: PrismaClient,
  author: Author,
  place: PolicyPlace,
  policyId: string | null,
  checkCombined: CheckCombined,
): Promise<Mutated<PolicyAttached>> {
  return mutate(prisma, author, async (tables, transaction): Promise<PolicyAttached> => {
    const id = place.kind === 'organisation' ? author.tenantId : place.id
    const { organisations: organisation, workspaces: workspace, apiKeys: key } = tables
    const table: PlaceTable = { organisation, workspace, key }[place.kind]
    const before = await table.find(id)
    if (!before) return { kind: 'place_unknown' }
    const found = policyId === null ? null : await tables.policies.find(policyId)
    if (policyId !== null && (!found || found.archivedAt)) return { kind: 'policy_unknown' }
    if (before.policyId !== policyId) {
      await table.update(id, { policyId: policyId as PolicyId | null }, `${place.kind}.policy`)
      if (found) checkCombined(found.id as PolicyId, await combinedAt(transaction, author.tenantId, place))
      if (place.kind === 'key') await notifyConsole(transaction, { tenantId: author.tenantId, name: 'key', id })
    }
    return { kind: 'attached', policy: found && { id: found.id as PolicyId, name: found.name } }
  })
}

/** @param work the change of a policy that is not archived */
function change(
  prisma: PrismaClient,
  author: Author,
  id: string,
  work: Work<void>,
): Promise<Mutated<PolicySummary | null>> {
  return mutate(prisma, author, async (tables, transaction) => {
    const row = await tables.policies.find(id)
    if (!row || row.archivedAt) return null
    const before = await summaryOf(transaction, row)
    await work(tables, transaction, row)
    return (await policyWithin(transaction, author.tenantId, id)) ?? before
  })
}

async function refuseSaving(transaction: Transaction, row: Policy, { basedOn, onWide }: PolicySaving): Promise<void> {
  const { organisation, workspaces } = (await summaryOf(transaction, row)).attached
  if (organisation || workspaces.length > 0) onWide()
  if (basedOn === null || basedOn === row.currentVersion) return
  const newest = await versionInForce(transaction, row)
  const [saved] = newest ? await signed(transaction, [newest]) : []
  const at = saved?.createdAt.toISOString()
  throw new Fault(
    'conflict',
    `Version ${row.currentVersion} is in force, saved by ${saved?.author ?? 'the system'} at ${at}; yours began with version ` +
      `${basedOn}. Load it, or save again on top of it.`,
    { metadata: { version: row.currentVersion, author: saved?.author ?? null, createdAt: at } },
  )
}

async function addVersion(
  transaction: Transaction,
  { tenantId, userId, keyId }: Author,
  policyId: string,
  version: number,
  document: PolicyDocument,
): Promise<void> {
  const author = { author: userId, authorKey: keyId ?? null }
  await transaction.policyVersion.create({
    data: { tenantId, policyId, version, document: document as Prisma.InputJsonObject, ...author },
  })
}

async function summaryOf(transaction: Transaction, { tenantId, id }: Policy): Promise<PolicySummary> {
  const summary = await policyWithin(transaction, tenantId as Author['tenantId'], id)
  if (!summary) throw new Error(`policy ${id} has no version in force`)
  return summary
}

function placesOf({ organisation, workspaces, keys }: PolicySummary['attached']): string[] {
  return [
    ...(organisation ? [WHOLE_ORGANISATION] : []),
    ...workspaces.map(({ name }) => placeNamed('workspace', name)),
    ...keys.map(({ name }) => placeNamed('key', name)),
  ]
}
