import * as z from 'zod'
import { instant } from './fields.ts'
import { page, pageQuery } from './page.ts'

export const AuditQuery = z.strictObject(pageQuery)

/** Who changed what. It never holds secrets or digests. */
const AuditRow = z.object({
  id: z.string(),
  at: instant(),
  /** A person's id, the id of a management key, or `system`. */
  actor: z.string(),
  /** Of the management key; null: the actor is no key. */
  actorName: z.string().nullable(),
  action: z.string(),
  entity: z.string(),
  entityId: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
})

export const AuditList = page(AuditRow)
export type AuditList = z.infer<typeof AuditList>
