import type { EndpointLive, ModelsLive } from '@turnpike/contract'

/** Figures of an endpoint; null: nobody used it in the last half hour. Undefined: nothing is known, for the answer did not come. */
export type LiveOf = (model: string, provider: string) => EndpointLive | null | undefined

/** @param answer undefined until it came */
export function liveBy(answer: ModelsLive | undefined): LiveOf {
  if (!answer) return () => undefined
  const known = new Map(answer.data.map((row) => [`${row.provider} ${row.model}`, row]))
  return (model, provider) => known.get(`${provider} ${model}`) ?? null
}
