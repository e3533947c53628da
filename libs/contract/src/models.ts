import * as z from 'zod'
import { nano } from './fields.ts'

/** A model at a provider. Prices are nano-dollars per million tokens; null when nobody knows them, and then it is not served. */
export const EndpointRow = z.object({
  provider: z.string(),
  providerName: z.string(),
  simulated: z.boolean(),
  promptPerMillionNano: nano().nullable(),
  completionPerMillionNano: nano().nullable(),
  contextLength: z.int(),
  maxCompletionTokens: z.int().nullable(),
})
export type EndpointRow = z.infer<typeof EndpointRow>

export const ModelRow = z.object({
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  contextLength: z.int(),
  inputModalities: z.array(z.string()),
  outputModalities: z.array(z.string()),
  /** Cheapest prompt first. */
  endpoints: z.array(EndpointRow),
})
export type ModelRow = z.infer<typeof ModelRow>

/** The whole catalogue: some hundred rows, the same for every tenant. */
export const ModelList = z.object({ data: z.array(ModelRow) })
export type ModelList = z.infer<typeof ModelList>
