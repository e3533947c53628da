import { waitFor, type Product } from '@turnpike/testkit'

/** What a simulated provider says it did with one request. */
interface Truth {
  readonly seq: number
  readonly provider: string
  readonly callerRequestId: string | null
  readonly stream: boolean
  readonly tokensIn: number
  readonly tokensOut: number
  readonly tokensWritten: number
  readonly outcome: 'running' | 'finished' | 'aborted' | 'faulted'
  readonly noticedAfterMs: number | null
}

/** A product's simulated providers, to script and to question. */
export function simulatorOf(product: Product) {
  const ask = async (path: string, method = 'GET', body?: unknown): Promise<unknown> => {
    const reply = await fetch(`${product.simulator}/admin/${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`)
    return reply.status === 204 ? null : reply.json()
  }
  return {
    /** Sets behaviour of a provider, or of all with `*`. */
    behave: (provider: string, change: Record<string, unknown>) =>
      ask('behaviour', 'PUT', { provider, model: '*', ...change }),
    reset: () => ask('behaviour', 'DELETE'),
    /** What was done for one request, newest last. */
    async truth(requestId: string): Promise<Truth[]> {
      const { entries } = (await ask('log')) as { entries: Truth[] }
      return entries.filter((entry) => entry.callerRequestId !== null && requestId.endsWith(entry.callerRequestId))
    },
    /** What a provider is doing now. */
    async running(provider: string): Promise<Truth[]> {
      const { entries } = (await ask('log')) as { entries: Truth[] }
      return entries.filter((entry) => entry.provider === provider && entry.outcome === 'running')
    },
    /** The same, once nothing of it is running any more. */
    async settled(requestId: string): Promise<Truth[]> {
      return waitFor(
        async () => {
          const truths = await this.truth(requestId)
          return truths.length > 0 && truths.every((truth) => truth.outcome !== 'running') ? truths : null
        },
        { withinMs: 5_000 },
      )
    },
  }
}

/** GET /generation as soon as it is there. */
export async function generationOf(product: Product, id: string, key = product.key): Promise<Record<string, unknown>> {
  return waitFor(
    async () => {
      const reply = await fetch(`${product.api}/generation?id=${id}`, { headers: { authorization: `Bearer ${key}` } })
      return reply.ok ? ((await reply.json()) as { data: Record<string, unknown> }).data : null
    },
    { withinMs: 5_000 },
  )
}
