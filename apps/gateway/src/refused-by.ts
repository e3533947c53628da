import { Fault } from '@turnpike/domain'
import type { Incoming } from '@turnpike/server'
import type { Target } from './target.ts'

/** Enough of a provider's error to explain it. */
const ERROR_BYTES_MAX = 64 * 1024
/** A provider that asks for more patience than this is told apart from a dead one only by its status. */
const RETRY_AFTER_MS_MAX = 3_600_000

/** The fault that a provider's refusal stands for, with its hint when to come back. */
export async function refusedBy(target: Target, reply: Incoming): Promise<Fault> {
  const body = await reply.text(ERROR_BYTES_MAX).catch(() => '')
  const fault = target.adapter.explain(reply.status, body)
  const retryAfterMs = fault.facts.retryAfterMs ?? hintOf(reply)
  return new Fault(fault.code, fault.message, {
    ...fault.facts,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    detail: { ...fault.facts.detail, status: reply.status },
  })
}

/** `retry-after-ms`, else `retry-after` in seconds; dates and nonsense are no hint. */
function hintOf(reply: Incoming): number | undefined {
  const precise = Number(reply.header('retry-after-ms'))
  if (precise > 0) return Math.min(precise, RETRY_AFTER_MS_MAX)
  const seconds = Number(reply.header('retry-after'))
  return seconds > 0 ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : undefined
}
