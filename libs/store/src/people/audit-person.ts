import type { UserId } from '@turnpike/domain'
import type { Transaction } from '../connections/prisma.ts'

/** What concerns a person rather than an organisation. */
type PersonAction = 'password.reset' | 'password.change' | 'session.end' | 'session.end_all'

/** Writes one entry into the audit log of each organisation that the person belongs to. @param transaction of `withPerson` */
export async function auditPerson(
  transaction: Transaction,
  userId: UserId,
  action: PersonAction,
  after: Readonly<Record<string, string | number>>,
): Promise<void> {
  const memberships = await transaction.membership.findMany({ where: { userId }, select: { tenantId: true } })
  for (const { tenantId } of memberships) {
    await transaction.$queryRaw`SELECT set_config('app.tenant', ${tenantId}, true)`
    await transaction.auditEntry.create({
      data: { tenantId, actor: userId, action, entity: 'users', entityId: userId, after },
    })
  }
}
