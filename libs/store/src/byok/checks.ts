import { isDeepStrictEqual } from 'node:util'
import { Fault } from '@turnpike/domain'
import type { Transaction } from '../connections/prisma.ts'
import type { OwnCredential } from '../generated/client.ts'

/** Of each kind, in one organisation: each of its keys carries all of them. */
const OWN_MAX = 50

/** Of all that is switched on, as JSON: Redis holds it once for each key of the organisation. */
const OWN_BYTES_MAX = 96 << 10

/** Refuses one field of a form. */
export function unfit(param: string, message: string): Fault {
  return new Fault('request_invalid', message, { param, fields: { [param]: message } })
}

/** A list that keeps something to some: null is for all, and none is a mistake. */
export function refuseEmpty(param: string, list: readonly string[] | null | undefined): void {
  if (list?.length === 0) throw unfit(param, 'Name at least one, or null for all.')
}

/** Throws Fault `request_invalid` naming keys that the organisation does not have. */
export async function refuseForeignKeys(
  transaction: Transaction,
  tenantId: string,
  keys: readonly string[] | null | undefined,
): Promise<void> {
  refuseEmpty('keys', keys)
  if (!keys) return
  const rows = await transaction.apiKey.findMany({ where: { tenantId, id: { in: [...keys] } }, select: { id: true } })
  const known = new Set(rows.map(({ id }) => id))
  const strange = keys.find((id) => !known.has(id))
  if (strange !== undefined) throw unfit('keys', `Your organisation has no API key ${strange}.`)
}

/** Throws Fault `conflict` where there are 50 already. */
export function refuseMore(count: number, kind: string): void {
  if (count >= OWN_MAX)
    throw new Fault('conflict', `There are ${OWN_MAX} ${kind} already. Delete those that are not needed.`, {
      metadata: { limit: OWN_MAX },
    })
}

/** Throws Fault `conflict` when what the organisation has switched on is more than each of its keys can carry. */
export async function refuseTooMuch(transaction: Transaction, tenantId: string): Promise<void> {
  const [row] = await transaction.$queryRaw<{ bytes: number | null }[]>`
    SELECT octet_length(byok_resources(${tenantId}::uuid)::text) AS bytes`
  if ((row?.bytes ?? 0) <= OWN_BYTES_MAX) return
  throw new Fault(
    'conflict',
    'This is more than can be kept for your organisation: keep provider keys to fewer models and API keys, or switch some off.',
    { detail: { bytes: row?.bytes } },
  )
}

/** The members of `wanted` that the row has otherwise; an undefined one is not wanted. */
export function differing<Row extends object>(
  row: Row,
  wanted: { readonly [Field in keyof Row]?: Row[Field] | undefined },
): Partial<Row> {
  const fields = Object.entries(wanted).filter(
    ([name, value]) => value !== undefined && !isDeepStrictEqual(row[name as keyof Row], value),
  )
  return Object.fromEntries(fields) as Partial<Row>
}

type Made = Pick<OwnCredential, 'createdBy' | 'createdByKey'>

/** E-mail address of a person or name of a management key; null: the system, or one that was deleted. */
export async function makersOf(
  transaction: Transaction,
  tenantId: string,
  rows: readonly Made[],
): Promise<(row: Made) => string | null> {
  const people = await transaction.user.findMany({
    where: { id: { in: rows.flatMap(({ createdBy }) => createdBy ?? []) } },
    select: { id: true, email: true },
  })
  const keys = await transaction.apiKey.findMany({
    where: { tenantId, id: { in: rows.flatMap(({ createdByKey }) => createdByKey ?? []) } },
    select: { id: true, name: true },
  })
  const names = new Map([
    ...people.map(({ id, email }) => [id, email] as const),
    ...keys.map(({ id, name }) => [id, name] as const),
  ])
  return ({ createdBy, createdByKey }) => names.get(createdBy ?? createdByKey ?? '') ?? null
}
