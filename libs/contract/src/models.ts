import * as z from 'zod'
import { nano } from './fields.ts'

/** A model at a provider. Prices are nano-dollars per million tokens; null: unknown, and then it is not served. */
export const EndpointRow = z.object({
  provider: z.string(),
  providerName: z.string(),
  simulated: z.boolean(),
  /** Where the provider processes, and nowhere else: countries by two letters, or `eu`. Empty: not known. */
  regions: z.array(z.string()),
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

/** Recent figures of an endpoint of the catalogue, from the requests of all tenants. Null: too few measurements. */
export const EndpointLive = z.object({
  model: z.string(),
  provider: z.string(),
  state: z.enum(['up', 'degraded', 'down']),
  /** Of the attempts of the last half hour, the part that succeeded: 0 to 1. */
  uptime: z.number().nullable(),
  /** Median of the last half hour, milliseconds. */
  firstTokenMs: z.number().nullable(),
  /** Median of the last half hour. */
  tokensPerSecond: z.number().nullable(),
})
export type EndpointLive = z.infer<typeof EndpointLive>

/** Answer of GET `/models/live`: only endpoints that had traffic in the last half hour. At most a minute old. */
export const ModelsLive = z.object({ data: z.array(EndpointLive) })
export type ModelsLive = z.infer<typeof ModelsLive>
