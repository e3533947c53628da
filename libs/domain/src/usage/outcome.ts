import type { FinishReason } from '../chat.ts'
import type { FaultCode } from '../fault.ts'

/**
 * How a request ended. `succeeded`: the answer is whole. `failed`: providers were called and none answered, or the gateway had an error.
 * `interrupted`: an answer began and ended with an error. `cancelled`: the caller hung up. `rejected`: no provider was called.
 */
export const REQUEST_OUTCOMES = ['succeeded', 'failed', 'interrupted', 'cancelled', 'rejected'] as const

export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number]

/** What the outcome of a finished request follows from. */
interface Ending {
  readonly fault: FaultCode | null
  readonly finishReason: FinishReason | null
  /** The caller hung up. */
  readonly cancelled: boolean
  /** Calls to providers. */
  readonly attempts: number
  /** A provider began to answer. */
  readonly answered: boolean
}

/** The outcome of a finished request. It is decided here, written into the row, and nowhere decided again. */
export function requestOutcome({ fault, finishReason, cancelled, attempts, answered }: Ending): RequestOutcome {
  if (cancelled) return 'cancelled'
  if (fault === null) return finishReason === 'error' ? 'interrupted' : 'succeeded'
  if (answered) return 'interrupted'
  return attempts === 0 && fault !== 'internal' ? 'rejected' : 'failed'
}

/** Counts by outcome, which add up to the number of requests. */
export type OutcomeCounts = Readonly<Record<RequestOutcome, number>>
