import type { IncomingMessage } from 'node:http'

/** Whether an error says that the caller closed the connection before all of its body was here. Nobody is left to be answered. */
export function wasAborted(thrown: unknown, request: Pick<IncomingMessage, 'complete'>): boolean {
  return !request.complete && thrown instanceof Error && 'code' in thrown && thrown.code === 'ECONNRESET'
}
