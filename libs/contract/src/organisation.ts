import * as z from 'zod'
import { name } from './fields.ts'
import { one } from './page.ts'

/** The longest time for which a key may go on working unchecked, seconds. */
const STALE_MAX_SECONDS = 3_600

export const Organisation = z.object({
  id: z.string(),
  name: z.string(),
  /** How long keys that were checked before keep working while the database cannot be reached; 0: not at all. */
  staleMaxSeconds: z.int(),
})
export type Organisation = z.infer<typeof Organisation>

/** Absent fields stay as they are. */
export const OrganisationChange = z.strictObject({
  name: name(80).optional(),
  staleMaxSeconds: z
    .int('Whole seconds.')
    .min(0, 'Not less than 0.')
    .max(STALE_MAX_SECONDS, `At most ${STALE_MAX_SECONDS} seconds, an hour.`)
    .optional(),
})
export type OrganisationChange = z.infer<typeof OrganisationChange>

export const OrganisationAnswer = one(Organisation)
export type OrganisationAnswer = z.infer<typeof OrganisationAnswer>
