import type { TenantId } from '@turnpike/domain'
import type { Organisation } from '../generated/client.ts'
import { mutate, type Author, type Mutated } from '../changes/mutate.ts'
import { withTenant, type PrismaClient } from '../connections/prisma.ts'

/** Settings that an organisation may change itself. */
interface OrganisationSettings {
  readonly name: string
  /** How long a cached key may be served stale while no store answers, 0 to 3,600 seconds. */
  readonly staleMaxSeconds: number
}

export async function readOrganisation(prisma: PrismaClient, tenantId: TenantId): Promise<OrganisationSettings> {
  const row = await withTenant(prisma, tenantId, null, (transaction) =>
    transaction.organisation.findUniqueOrThrow({ where: { tenantId } }),
  )
  return settingsOf(row)
}

/** Absent settings stay. A change reaches every key of the organisation as an event; without a change there is no event. */
export function changeOrganisation(
  prisma: PrismaClient,
  author: Author,
  wanted: { readonly name?: string | undefined; readonly staleMaxSeconds?: number | undefined },
): Promise<Mutated<OrganisationSettings>> {
  const { tenantId } = author
  return mutate(prisma, author, async (door, transaction) => {
    const before = await transaction.organisation.findUniqueOrThrow({ where: { tenantId } })
    const { name = before.name, staleMaxSeconds: staleMaxS = before.staleMaxS } = wanted
    if (name === before.name && staleMaxS === before.staleMaxS) return settingsOf(before)
    const row = await door.organisations.update(tenantId, { name, staleMaxS }, 'organisation.update')
    return settingsOf(row ?? before)
  })
}

function settingsOf({ name, staleMaxS }: Organisation): OrganisationSettings {
  return { name, staleMaxSeconds: staleMaxS }
}
