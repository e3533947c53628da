import { randomUUID } from 'node:crypto'
import type { PolicyId, TenantId } from '@turnpike/domain'
import type { Fleet } from '@turnpike/testkit'
import { openPublisher } from './publisher.fixture.ts'
import { chunkOf, END, startProvider, type Asking, type OwnProvider } from './upstream-provider.fixture.ts'

/** Gives an organisation a policy that hedges so many of a hundred requests. Returns what takes it away. */
export async function attachHedge(fleet: Fleet, tenantId: TenantId, percent: number): Promise<() => Promise<void>> {
  const publisher = await openPublisher(fleet)
  const policyId = randomUUID() as string as PolicyId
  const attach = (attached: PolicyId | null) =>
    publisher.change(tenantId, ({ organisations }) =>
      organisations.update(tenantId, { policyId: attached }, 'organisation.policy'),
    )
  await publisher.change(tenantId, async ({ policies }, transaction) => {
    await policies.create({ id: policyId, name: 'fault scenario' }, 'policy.create')
    await transaction.policyVersion.create({
      data: { tenantId, policyId, version: 1, document: { hedge: { extra_requests_percent: percent } } },
    })
  })
  await attach(policyId)
  return async () => {
    await attach(null)
    await publisher.close()
  }
}

/** What one provider did with one request. Times are those of `performance.now()`. */
interface Turn {
  readonly requestId: string
  /** When its first piece was written; null: it was not. */
  firstMs: number | null
  /** When the other side closed the line before the answer was complete; null: it did not. */
  abortedMs: number | null
}

export interface Pacer extends OwnProvider {
  readonly turns: readonly Turn[]
}

export const PIECES = 4
const PIECE_MS = 5
/** As it is counted: much more than was asked with, as with most chats. */
export const COMPLETION_TOKENS = 64
const LAST = END.replace('"completion_tokens":1', `"completion_tokens":${COMPLETION_TOKENS}`)

/** A provider whose first pieces come at times that are drawn. Every piece holds the name of its provider. */
export async function startPacer(name: string, firstMs: () => number): Promise<Pacer> {
  const turns: Turn[] = []
  const provider = await startProvider(({ response, requestId }: Asking) => {
    const turn: Turn = { requestId, firstMs: null, abortedMs: null }
    turns.push(turn)
    let piece = 0
    const send = () => {
      if (piece === 0) response.writeHead(200, { 'content-type': 'text/event-stream' })
      turn.firstMs ??= performance.now()
      response.write(chunkOf(`${name}${piece++} `))
      if (piece === PIECES) response.end(LAST)
      else timer = setTimeout(send, PIECE_MS)
    }
    let timer = setTimeout(send, firstMs())
    response.on('close', () => {
      clearTimeout(timer)
      if (!response.writableEnded) turn.abortedMs = performance.now()
    })
  })
  return { ...provider, turns }
}

/** Below the least deadline of a first token: what is slow here is slow, and not given up. */
const SLOWEST_MS = 1_800

/** Times that stray like those of real providers: the logarithm is normally distributed. @param spread its standard deviation */
export function lognormal(medianMs: number, spread: number, dice: () => number): () => number {
  const drawn = () =>
    medianMs * Math.exp(spread * Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice()))
  return () => Math.min(drawn(), SLOWEST_MS)
}
