import type { EmbeddingRequest, TenantId } from '@turnpike/domain'
import type { Egress } from '@turnpike/server'
import { aCaller } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { aRouteRequest } from '../call/call.fixture.ts'
import { aProgress, aTarget, someDependencies } from './failover.fixture.ts'
import { openEmbeddings } from './upstream-embeddings.ts'

const REQUEST: EmbeddingRequest = { input: ['a road on which a toll is paid'], user: 'ada@example.org', extra: {} }
const VECTOR = { embedding: [0.5, 0.25], index: 0 }

/** Sends the request to a provider that answers so. */
async function embed(reply: object, status = 200) {
  const bodies: string[] = []
  const egress: Pick<Egress, 'post'> = {
    post: ({ body }) => {
      bodies.push(body)
      const text = () => Promise.resolve(JSON.stringify(reply))
      return Promise.resolve({ status, header: () => undefined, body: (async function* () {})(), text })
    },
  }
  const caller = aCaller({ tenantId: 'tenant' as TenantId })
  const progress = aProgress({ caller, routeRequest: aRouteRequest(['m/x'], { promptTokens: 7 }) })
  const { deadlines } = someDependencies()
  const answer = await openEmbeddings(aTarget('acorn/m/x'), progress, REQUEST, egress, deadlines)
  return { answer, sent: bodies.join('') }
}

it('an answer has its vectors, the usage that its provider reported, and nothing to follow', async () => {
  const { answer, sent } = await embed({ data: [VECTOR], usage: { prompt_tokens: 9 } })
  expect(answer.vectors).toEqual([VECTOR.embedding])
  expect(answer.head).toMatchObject([{ usage: { promptTokens: 9 }, finish: { reason: 'stop' } }])
  expect(answer.sentBytes).toBe(Buffer.byteLength(sent))
})

it('an answer without usage is billed by the estimate that the call was routed by', async () => {
  const { answer } = await embed({ data: [VECTOR] })
  expect(answer.head[0]).not.toHaveProperty('usage')
  expect(answer.assumedUsage).toEqual({ promptTokens: 7 })
})

it('the provider of vectors never learns who the end user is', async () => {
  const { sent } = await embed({ data: [VECTOR] })
  expect(sent).toContain('toll')
  expect(sent).toContain('"user"')
  expect(sent).not.toContain('ada')
})

it('a refusal is the fault that it stands for', async () => {
  await expect(embed({ error: { message: 'slow down' } }, 429)).rejects.toMatchObject({ code: 'upstream_rate_limited' })
})
