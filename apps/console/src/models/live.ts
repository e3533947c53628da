import type { EndpointLive, ModelsLive } from '@turnpike/contract'

/** Figures of an endpoint; null: no traffic in the last half hour. Undefined: not loaded. */
export type LiveOf = (model: string, provider: string) => EndpointLive | null | undefined

/** @param answer undefined until it came */
export function liveBy(answer: ModelsLive | undefined): LiveOf {
  if (!answer) return () => undefined
  const known = new Map(answer.data.map((row) => [`${row.provider} ${row.model}`, row]))
  return (model, provider) => known.get(`${provider} ${model}`) ?? null
}
