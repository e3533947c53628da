import type { TenantId } from '@turnpike/domain'
import { withTenant, type PrismaClient } from '../connections/prisma.ts'

/** One change, as `mutate` wrote it. */
interface AuditEntry {
  readonly id: string
  readonly at: Date
  /** A person's id, the id of a management key, or `system`. */
  readonly actor: string
  readonly action: string
  readonly entity: string
  readonly entityId: string
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

interface AuditPage {
  readonly entries: readonly AuditEntry[]
  /** Null on the last page. */
  readonly nextCursor: string | null
}

/** Newest first. @param options.cursor of the page before; any other text gives the beginning */
export function listAudit(
  prisma: PrismaClient,
  tenantId: TenantId,
  options: { readonly limit: number; readonly cursor: string | null },
): Promise<AuditPage> {
  const before = /^\d{1,18}$/.test(options.cursor ?? '') ? BigInt(options.cursor ?? '') : null
  return withTenant(prisma, tenantId, null, async (transaction) => {
    const rows = await transaction.auditEntry.findMany({
      where: { tenantId, ...(before !== null && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: options.limit + 1,
    })
    const page = rows.slice(0, options.limit)
    return {
      entries: page.map((row) => ({
        ...row,
        id: String(row.id),
        before: objectOf(row.before),
        after: objectOf(row.after),
      })),
      nextCursor: rows.length > options.limit ? String(page.at(-1)?.id ?? '') : null,
    }
  })
}

function objectOf(json: unknown): Record<string, unknown> | null {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : null
}
