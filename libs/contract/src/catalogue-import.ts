import * as z from 'zod'
import { count, instant } from './fields.ts'
import { one } from './page.ts'

/** What an import of the catalogue would change, in numbers. For the operator alone. */
export const CatalogueDraftRow = z.object({
  id: z.string(),
  /** The installed price list, or a file that the operator named. */
  source: z.enum(['package', 'file']),
  /** Name, version and day of the list. */
  origin: z.string(),
  status: z.enum(['open', 'published', 'discarded', 'superseded']),
  madeAt: instant(),
  /** A user id, `operator` for the command line, `worker` for the nightly import. */
  madeBy: z.string(),
  closedAt: instant().nullable(),
  closedBy: z.string().nullable(),
  /** The catalogue's version that it became. */
  publishedVersion: z.int().nullable(),
  added: count(),
  changed: count(),
  removed: count(),
  /** Changes that are published only if they are confirmed by name. */
  held: count(),
})
export type CatalogueDraftRow = z.infer<typeof CatalogueDraftRow>

/** One row of the catalogue that would change. Amounts are nano-dollars as decimal strings. */
const CatalogueChangeRow = z.object({
  kind: z.enum(['added', 'changed', 'removed']),
  table: z.enum(['models', 'providers', 'endpoints', 'prices']),
  name: z.string(),
  fields: z.record(z.string(), z.object({ before: z.unknown(), after: z.unknown() })),
  /** Why it waits for a confirmation; null when it does not. */
  held: z.string().nullable(),
})

const CatalogueDraft = CatalogueDraftRow.extend({ changes: z.array(CatalogueChangeRow) })

export const CatalogueDraftList = z.object({ data: z.array(CatalogueDraftRow) })
export type CatalogueDraftList = z.infer<typeof CatalogueDraftList>
export const CatalogueDraftAnswer = one(CatalogueDraft)
export type CatalogueDraftAnswer = z.infer<typeof CatalogueDraftAnswer>

/** Most names in one confirmation: nobody reads a longer list. */
const CONFIRMED_MAX = 200

/** Publishes a draft. Changes that need a confirmation are published only if they are named here. */
export const CataloguePublish = z.strictObject({
  confirm: z
    .array(z.string().min(1).max(300))
    .max(CONFIRMED_MAX, `At most ${CONFIRMED_MAX} names at once.`)
    .default([]),
})

export const CataloguePublished = one(
  z.object({
    version: z.int(),
    written: count(),
    /** Names that were not confirmed; the next import offers them again. */
    held: z.array(z.string()),
  }),
)
export type CataloguePublished = z.infer<typeof CataloguePublished>
