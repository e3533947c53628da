import { connect, type AddressInfo } from 'node:net'
import { asFault, Fault, type Caller } from '@turnpike/domain'
import type { PresetLookup, PresetPlace, PresetStatus } from '@turnpike/store'
import { aCaller, waitFor } from '@turnpike/testkit'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { guardRoutes, refuse } from '../../http/edge.ts'
import { withPreset } from './preset.ts'

let server: FastifyInstance
let caller: Caller
let answer: PresetLookup | Promise<PresetLookup>
/** What was looked up. */
let asked: { readonly place: PresetPlace; readonly slug: string; readonly version: number | null }[]
/** What became of each request: the body that its route reads, or a fault. */
let became: unknown[]

beforeEach(async () => {
  caller = aCaller()
  answer = holding({ model: 'a/b', temperature: 0.5 })
  asked = []
  became = []
  server = fastify()
  guardRoutes(server, () => Promise.resolve(caller))
  server.setErrorHandler((error, request, reply) => refuse(request, reply, asFault(error)))
  const lookup = async (place: PresetPlace, slug: string, version: number | null) => {
    asked.push({ place, slug, version })
    return answer
  }
  server.post('/chat', async (request, reply) => {
    try {
      const asking = await withPreset({ lookup }, request, reply, null)
      became.push(asking.body)
      return asking
    } catch (error) {
      became.push(error)
      throw error
    }
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => server.close())

function holding(config: Record<string, unknown>, status: PresetStatus = 'active'): PresetLookup {
  const held = { version: 3, config, systemPrompt: null }
  return { kind: 'found', preset: { id: 'the id', status, newest: 3, held }, bytes: 0 }
}

async function send(body: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const reply = await server.inject({ method: 'POST', url: '/chat', payload: body })
  return { status: reply.statusCode, body: reply.json() }
}

it('merges the preset in, and keeps the version and the words of the request', async () => {
  expect(await send({ model: '@preset/copy@3', top_p: 1 })).toEqual({
    status: 200,
    body: {
      body: { model: 'a/b', temperature: 0.5, top_p: 1 },
      preset: { applied: { id: 'the id', version: 3 }, requestedModel: '@preset/copy@3' },
    },
  })
  const place = { tenantId: caller.tenantId, workspaceId: caller.workspaceId }
  expect(asked).toEqual([{ place, slug: 'copy', version: 3 }])
})

it('gives a body that names none on as it is, without looking anything up', async () => {
  const body = { model: 'a/b', preset: null }
  expect(await send(body)).toEqual({ status: 200, body: { body, preset: null } })
  expect(asked).toEqual([])
})

it.each([
  ['nobody could be asked', { kind: 'unknown', cause: new Error('refused') }, 503, 'cannot be read'],
  ['there is none, with the nearest', { kind: 'absent', slugs: ['copie', 'other-thing'] }, 404, 'Did you mean copie?'],
  ['it is disabled', holding({}, 'disabled'), 404, 'is disabled'],
  ['it is archived', holding({}, 'archived'), 404, 'is archived'],
  [
    'it has no such version',
    { kind: 'found', preset: { id: 'x', status: 'active', newest: 4, held: null }, bytes: 0 },
    404,
    'newest is 4',
  ],
  ['it names no model and neither does the request', holding({ temperature: 1 }), 400, 'author/slug@preset/copy'],
] as const satisfies readonly (readonly [string, PresetLookup, number, string])[])(
  'says when %s',
  async (_what, found, status, words) => {
    answer = found
    const reply = await send({ model: '@preset/copy@9' })
    expect(reply).toMatchObject({ status, body: { error: { message: expect.stringContaining(words) } } })
  },
)

it('refuses what is no slug without asking anybody', async () => {
  expect(await send({ preset: 'a\0b' })).toMatchObject({ status: 404 })
  expect(await send({ preset: '../../keys' })).toMatchObject({ status: 404 })
  expect(asked).toEqual([])
})

it('asks for no preset on behalf of a management key', async () => {
  caller = aCaller({ kind: 'mgmt' })
  expect(await send({ preset: 'copy' })).toMatchObject({ status: 403 })
  expect(asked).toEqual([])
})

it('serves nobody who hung up while the preset was looked up', async () => {
  let found: (preset: PresetLookup) => void = () => undefined
  answer = new Promise((resolve) => (found = resolve))
  const { port } = server.server.address() as AddressInfo
  const line = connect(port, '127.0.0.1')
  const body = JSON.stringify({ model: '@preset/copy' })
  line.write(
    `POST /chat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await waitFor(() => asked.length === 1, { withinMs: 5_000 })
  line.destroy()
  await waitFor(async () => (await connections()) === 0, { withinMs: 5_000 })
  found(holding({ model: 'a/b' }))
  await waitFor(() => became.length === 1, { withinMs: 5_000 })
  expect(became[0]).toBeInstanceOf(Fault)
  expect(became[0]).toMatchObject({ code: 'caller_gone' })
})

function connections(): Promise<number> {
  return new Promise((resolve, reject) =>
    server.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}
