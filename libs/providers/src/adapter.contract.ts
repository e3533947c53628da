import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault, type ChatDelta, type ChatRequest, type FaultCode } from '@turnpike/domain'
import type { Adapter, SseEvent } from './adapter.ts'
import { gather, type Gathered } from './gather.contract.ts'
import { createSseReader } from './sse.ts'

/** What a dialect must show to pass. Frames are event streams as text, with LF; every one of them is cut and mangled further. */
interface AdapterFixtures {
  readonly requests: readonly EncodeFixture[]
  readonly unsayable: readonly { readonly promise: string; readonly request: ChatRequest }[]
  readonly streams: readonly { readonly promise: string; readonly frames: string; readonly answer: Gathered }[]
  readonly wholes: readonly { readonly promise: string; readonly body: unknown; readonly answer: Gathered }[]
  /** Streams that must end in a fault, with what had arrived before it. */
  readonly broken: readonly { readonly promise: string; readonly frames: string; readonly code: FaultCode }[]
  readonly errors: readonly { readonly status: number; readonly body: unknown; readonly code: FaultCode }[]
  /** An event of a kind that does not exist. */
  readonly unknownEvent: string
}

interface EncodeFixture {
  readonly promise: string
  readonly request: ChatRequest
  readonly model: string
  readonly path: string
  /** The whole body. Absent fields must be absent. */
  readonly body: unknown
}

const SECRET = 'not-a-real-credential'
const CREDENTIAL_HEADER = { openai: 'authorization', anthropic: 'x-api-key', google: 'x-goog-api-key' } as const

/** The promises that every provider dialect makes. */
export function describeAdapter(adapter: Adapter, fixtures: AdapterFixtures): void {
  describe(`the ${adapter.dialect} dialect`, () => {
    describeEncoding(adapter, fixtures)
    describeStreams(adapter, fixtures)
    describeWholes(adapter, fixtures)
    describeFaults(adapter, fixtures)
  })
}

function describeEncoding(adapter: Adapter, { requests, unsayable }: AdapterFixtures): void {
  for (const { promise, request, model, path, body } of requests) {
    it(promise, () => {
      const encoded = adapter.encode(frozen(request), model, SECRET)
      expect(JSON.parse(encoded.body)).toEqual(body)
      expect(encoded.path).toBe(path)
    })
  }
  it('carries the secret in one header and nowhere else', () => {
    for (const { request, model } of requests) {
      const { path, headers, body } = adapter.encode(request, model, SECRET)
      expect(path + body).not.toContain(SECRET)
      expect(Object.values(headers).filter((value) => value.includes(SECRET))).toHaveLength(1)
    }
  })
  it('asks who it is with the secret in one header, and with no secret in none', () => {
    const { path, headers } = adapter.whoAmI(SECRET)
    expect(path).toMatch(/^\/models/)
    expect(path).not.toContain(SECRET)
    expect(Object.values(headers).filter((value) => value.includes(SECRET))).toHaveLength(1)
    expect(Object.keys(adapter.whoAmI('').headers)).not.toContain(CREDENTIAL_HEADER[adapter.dialect])
  })
  for (const { promise, request } of unsayable) {
    it(`refuses ${promise} before anything is sent`, () => {
      expect(codeOf(() => adapter.encode(frozen(request), 'a-model', SECRET))).toBe('request_invalid')
    })
  }
}

function describeStreams(adapter: Adapter, { streams, unknownEvent }: AdapterFixtures): void {
  for (const { promise, frames, answer } of streams) {
    const whole = [bytesOf(frames)]
    it(promise, () => {
      expect(gather(decoded(adapter, whole).deltas)).toEqual(answer)
    })
    it(`${promise}, whichever way the bytes are cut`, () => {
      const { deltas } = decoded(adapter, whole)
      expect(
        decoded(
          adapter,
          Array.from(bytesOf(frames), (byte) => Uint8Array.of(byte)),
        ).deltas,
      ).toEqual(deltas)
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: bytesOf(frames).length }), { maxLength: 40 }), (cuts) => {
          expect(decoded(adapter, sliced(bytesOf(frames), cuts)).deltas).toEqual(deltas)
        }),
        { numRuns: 30 },
      )
    })
    it(`${promise}, with CRLF, comments and unknown events between`, () => {
      const { deltas } = decoded(adapter, whole)
      const noisy = frames.replaceAll('\n\n', `\n\n: keep-alive\n\n${unknownEvent}\n\n`).replaceAll('\n', '\r\n')
      expect(decoded(adapter, [bytesOf(noisy)]).deltas).toEqual(deltas)
    })
    it(`${promise}, and knows that it was cut when the end is missing`, () => {
      expect(decoded(adapter, whole).done).toBe(true)
      expect(decoded(adapter, [bytesOf(frames.slice(0, frames.indexOf('\n\n') + 2))]).done).toBe(false)
    })
  }
}

function describeWholes(adapter: Adapter, { wholes }: AdapterFixtures): void {
  for (const { promise, body, answer } of wholes) {
    it(promise, () => expect(gather([adapter.decodeWhole(frozen(body))])).toEqual(answer))
  }
  for (const body of ['<html>Bad gateway</html>', null, 7, [], {}]) {
    it(`takes ${JSON.stringify(body)} with status 200 for garbled`, () => {
      expect(codeOf(() => adapter.decodeWhole(body))).toBe('upstream_garbled')
    })
  }
}

function describeFaults(adapter: Adapter, { broken, errors }: AdapterFixtures): void {
  for (const { promise, frames, code } of broken) {
    it(`${promise} (${code})`, () => {
      expect(codeOf(() => decoded(adapter, [bytesOf(frames)]))).toBe(code)
    })
  }
  for (const data of ['<html>', '{"cut":', '7', '"text"', '[]']) {
    it(`takes the event ${data} for garbled`, () => {
      expect(codeOf(() => adapter.decoder().push({ event: undefined, data }))).toBe('upstream_garbled')
    })
  }
  for (const { status, body, code } of errors) {
    it(`explains ${status} ${JSON.stringify(body).slice(0, 90)} as ${code}`, () => {
      expect(adapter.explain(status, JSON.stringify(body)).code).toBe(code)
    })
    it(`finds ${code} in a whole answer ${JSON.stringify(body).slice(0, 90)} with status 200`, () => {
      expect(codeOf(() => adapter.decodeWhole(body))).toBe(code)
    })
  }
}

function decoded(adapter: Adapter, chunks: readonly Uint8Array[]): { deltas: ChatDelta[]; done: boolean } {
  const decoder = adapter.decoder()
  const deltas: ChatDelta[] = []
  const reader = createSseReader((event: SseEvent) => {
    const delta = decoder.push(event)
    if (delta) deltas.push(delta)
  })
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return { deltas, done: decoder.done }
}

function sliced(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge))
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function codeOf(act: () => unknown): FaultCode | 'no fault' {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.code
    throw thrown
  }
  return 'no fault'
}

/** The same value, frozen: writing to it throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}

/** A request that says hello; a test names what it cares about. */
export function aRequest(fields: Partial<ChatRequest> = {}): ChatRequest {
  return {
    messages: [{ role: 'user', content: [{ kind: 'text', text: 'Hello' }] }],
    stream: true,
    sampling: {},
    tools: [],
    extra: {},
    ...fields,
  }
}

/** Frames as a stream: each a `data` line, with its event name where the dialect has one. */
export function sse(...frames: readonly (Record<string, unknown> | string)[]): string {
  return frames.map((frame) => `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`).join('')
}
