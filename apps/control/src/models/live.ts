import type { EndpointLive } from '@turnpike/contract'
import type { Catalogue } from '@turnpike/domain'
import type { HealthPast } from '@turnpike/store'

const STATES = { 0: 'up', [-1]: 'degraded', [-2]: 'down' } as const satisfies Record<0 | -1 | -2, EndpointLive['state']>

/** Endpoints with traffic in the last half hour; none of a tenant's own. Rejects when no figures were ever read. */
export async function liveOf(catalogue: Catalogue, past: HealthPast): Promise<EndpointLive[]> {
  const endpoints = [...catalogue.endpointsOf.values()].flat()
  const [first] = endpoints
  // Waits for what is to be read; `of` tells what was.
  if (first) await past.figures(first.id)
  const used = endpoints.filter(({ id }) => (past.of(id)?.thirty.attempts ?? 0) > 0)
  return Promise.all(
    used.map(async ({ id, model, provider }) => {
      const { uptime30m, latency30m, throughput30m, status } = await past.figures(id)
      return {
        model,
        provider,
        state: STATES[status],
        uptime: uptime30m === null ? null : uptime30m / 100,
        firstTokenMs: latency30m?.p50 ?? null,
        tokensPerSecond: throughput30m?.p50 ?? null,
      }
    }),
  )
}
