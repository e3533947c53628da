import { randomFillSync } from 'node:crypto'
import type { Caller, RequestId } from '@turnpike/domain'
import { newRequestId } from '@turnpike/domain'
import type { Progress } from '../call/progress.ts'
import type { Reader } from './parse-budget.ts'

/** What is known of a request before its body. */
interface Start {
  readonly id: RequestId
  readonly beganAtMs: number
  readonly startedMs: number
  /** Null on public routes. */
  caller: Caller | null
  /** Gives back the memory that was taken for its body; null: it has none. */
  bodyReceived: (() => void) | null
  /** Reads its body within the time that was taken for it; null: it is short, or there is none. */
  readWithin: Reader | null
  /** Of its call: null until its body was read, and on routes that request no model. */
  progress: Progress | null
}

declare module 'fastify' {
  interface FastifyRequest {
    start: Start
  }
  interface FastifyContextConfig {
    /** Served without a key. Absent means a key is needed. */
    public?: boolean
    /** Not limited by address though it needs no key here: it costs nothing, or the control plane authenticates it. */
    unlimited?: boolean
  }
}

/** Random bytes are drawn for many requests at once: one system call for 200 ids. */
const pool = new Uint8Array(4_000)
let used = pool.length

/** Stamps the beginning of a request. */
export function beginRequest(): Start {
  if (used >= pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const beganAtMs = Date.now()
  const id = newRequestId(beganAtMs, pool.subarray(used, (used += 20)))
  return {
    id,
    beganAtMs,
    startedMs: performance.now(),
    caller: null,
    bodyReceived: null,
    readWithin: null,
    progress: null,
  }
}
