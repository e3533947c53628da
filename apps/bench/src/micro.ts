import {
  catalogueOf,
  route,
  type ModelSlug,
  type RequestId,
  type RouteRequest,
  type RoutingSnapshot,
} from '@turnpike/domain'
import { adapterFor } from '@turnpike/providers'
import { aCaller, aModel, anEndpoint, aPrice, aProvider, aVersionedPolicy, percentile } from '@turnpike/testkit'
import { checkKey, KeyCache, mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import type { Answer } from '../../gateway/src/call/answer.ts'
import { readBody } from '../../gateway/src/http/body.ts'
import { chatStream } from '../../gateway/src/api/chat/chat-writer.ts'
import { CHUNK } from './answers.ts'
import { BODIES } from './requests.ts'

/** One step of the hot path alone, in this process and warm. */
export interface Micro {
  readonly name: string
  readonly title: string
  readonly p50Us: number
  readonly p99Us: number
  readonly goal: string
}

/** Measures the steps that have goals of their own. */
export async function measureMicro(): Promise<Micro[]> {
  const body = { chat: Buffer.from(BODIES.chat), prompt: Buffer.from(BODIES.prompt) }
  return [
    await timed('route', 'route() over 20 candidates', '≤ 10 µs', CALLS, routing()),
    await timed('keyCheck', 'key check, warm', '≤ 100 µs p99', CALLS, keyCheck()),
    await timed('readChat', 'read a body of 1.2 KB', '', CALLS, () => void readBody(body.chat)),
    await timed('readPrompt', 'read a body of 400 KB', '≤ 20,000 µs', LARGE_CALLS, () => void readBody(body.prompt)),
    await timed('writeChunk', 'write a chat chunk', '', CALLS, chunkWriting()),
  ]
}

const CALLS = 20_000
const LARGE_CALLS = 300

/** Times single calls, after as many that warm the compiler up and do not count. */
async function timed(
  name: string,
  title: string,
  goal: string,
  calls: number,
  call: () => void | Promise<unknown>,
): Promise<Micro> {
  const times: number[] = []
  for (let i = 0; i < 2 * calls; i++) {
    const beganMs = performance.now()
    const pending = call()
    // What is done at once is not made to wait for a turn of the microtasks.
    if (pending) await pending
    if (i >= calls) times.push((performance.now() - beganMs) * 1_000)
  }
  return { name, title, goal, p50Us: percentile(times, 50), p99Us: percentile(times, 99) }
}

const CANDIDATES = 20
const SLUG = 'bench/default' as ModelSlug
const CALLER = aCaller({ funds: 'operator', balance: null, policies: [aVersionedPolicy()] })

function routing(): () => void {
  const providers = Array.from({ length: CANDIDATES }, (_, i) =>
    aProvider(`provider-${i}`, { simulated: false, failureDomain: `domain-${i % 4}` }),
  )
  const endpoints = providers.map(({ slug }, i) =>
    anEndpoint(slug, SLUG, { price: aPrice({ prompt: 1_000_000_000n + BigInt(i) }) }),
  )
  const snapshot: RoutingSnapshot = {
    catalogue: catalogueOf(1, [aModel(SLUG)], providers, endpoints),
    reachable: new Set(providers.map(({ slug }) => slug)),
    health: new Map(),
    wallMs: 0,
    warm: null,
  }
  const request: RouteRequest = {
    models: [SLUG],
    promptTokens: 300,
    maxTokens: 400,
    parameters: ['temperature', 'max_tokens'],
    preferences: {},
  }
  let calls = 0
  return () => {
    const decision = route(request, CALLER, snapshot, calls, (calls++ % 97) / 97)
    if (decision.candidates.length !== CANDIDATES) throw new Error('the route lost candidates')
  }
}

function keyCheck(): () => Promise<void> {
  const secrets = openKeySecrets(newSecretsText())
  const minted = mintKey(secrets, 'live')
  const record = { version: 1, caller: CALLER, verifiedAtMs: Date.now() }
  const found = new Map([[minted.digest.toString('hex'), record]])
  const cache = new KeyCache({ redis: null, fromPostgres: () => Promise.resolve(found) })
  return async () => {
    const checked = checkKey(secrets, minted.key)
    if (checked.kind !== 'genuine') throw new Error('a key of our own is not genuine')
    if ((await cache.lookup(checked.digest)).kind !== 'found') throw new Error('the key was not found')
  }
}

/** A chunk of the upstream, decoded and written again for a caller of the same dialect. */
function chunkWriting(): () => void {
  const adapter = adapterFor('openai')
  const provider = aProvider('provider', { simulated: false })
  const endpoint = anEndpoint(provider.slug, SLUG)
  const answer: Answer = {
    target: {
      id: endpoint.id,
      adapter,
      provider,
      endpoint,
      baseUrl: provider.baseUrl,
      secret: () => 'none',
      account: provider.slug,
      egress: 'unrestricted',
      own: null,
    },
    head: [],
    rest: (async function* () {})(),
    sentBytes: 0,
  }
  const id = '20260101-aaaaaaaaaaaaaaaaaaaa' as RequestId
  const writer = chatStream({ id, created: 1_790_000_000, excludeReasoning: false, comments: true })
  const data = CHUNK.toString().slice('data: '.length).trim()
  const delta = adapter.decoder().push({ event: undefined, data })
  if (!delta) throw new Error('the chunk says nothing')
  return () => {
    if (writer.chunks(answer, [delta]) === '') throw new Error('the chunk was not written')
  }
}
