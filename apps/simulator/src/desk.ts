import type { ServerResponse } from 'node:http'

export interface Visit {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
}

/** Answers a visit; false when this desk has no such page. */
export type Desk = (visit: Visit, response: ServerResponse) => boolean

export function answerJson(response: ServerResponse, value: unknown, status = 200): true {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(value))
  return true
}

/** Refuses a visit with a sentence that says what to change. */
export function answerProblem(response: ServerResponse, message: string, status = 400): true {
  return answerJson(response, { error: { message } }, status)
}
