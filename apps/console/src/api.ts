import { HttpError } from 'react-admin'
import { sessionExpiry } from './expiry.ts'
import { remembered } from './remember.ts'

const BASE = '/console/v1'
/** Every answer comes from one database on the same site; what takes longer than this will not come. */
const TIMEOUT_MS = 20_000

export type Query = Readonly<Record<string, string | number | undefined>>

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly query?: Query
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls the console API. Refusals become react-admin's `HttpError`, whose body is the problem body: `code`, `request_id`,
 * and field `errors` in the form's shape.
 */
export async function call<Answer>(path: string, options: Call = {}): Promise<Answer> {
  try {
    return await send<Answer>(path, options)
  } catch (error) {
    // A session that has ended: the call goes on once the person has signed in again.
    if (statusOf(error) !== 401 || WITHOUT_SESSION.includes(path) || !hasSession() || !(await sessionExpiry.begin()))
      throw error
    return send<Answer>(path, options)
  }
}

/** Calls whose 401 is an answer and no end of a session. */
const WITHOUT_SESSION: readonly string[] = ['/session', '/sign-in', '/sign-up', '/sign-out']

function hasSession(): boolean {
  return remembered('session') === 'some'
}

async function send<Answer>(path: string, { method = 'GET', query, body, signal }: Call): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(BASE + path + search(query), {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(method !== 'GET' && { 'content-type': 'application/json', 'x-turnpike-console': '1' }),
    },
    ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  })
  const answer = await read(response)
  if (!response.ok) throw asHttpError(response, answer)
  return answer as Answer
}

/** The code of a refusal, such as `rate_limited`; null when what was thrown is not one. */
export function codeOf(error: unknown): string | null {
  const code = bodyOf(error)['code']
  return typeof code === 'string' ? code : null
}

/** The id under which the server logged a refusal. */
export function requestIdOf(error: unknown): string | null {
  const id = bodyOf(error)['request_id']
  return typeof id === 'string' ? id : null
}

/** The Retry-After of a refusal, in whole seconds; null when it has none. */
export function waitSecondsOf(error: unknown): number | null {
  const waitMs = bodyOf(error)['retry_after_ms']
  return typeof waitMs === 'number' ? Math.ceil(waitMs / 1000) : null
}

/** Field errors of a refusal in the form's shape; null when it names no field. */
export function fieldErrorsOf(error: unknown): Record<string, unknown> | null {
  const errors = bodyOf(error)['errors']
  return typeof errors === 'object' && errors !== null ? (errors as Record<string, unknown>) : null
}

export function statusOf(error: unknown): number | null {
  return error instanceof HttpError ? error.status : null
}

function bodyOf(error: unknown): Record<string, unknown> {
  const body: unknown = error instanceof HttpError ? error.body : null
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function search(query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  const text = parameters.toString()
  return text && `?${text}`
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text()
  if (!text) return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    // A proxy in between may answer in HTML. The status says all that can be said.
    return null
  }
}

function asHttpError(response: Response, answer: unknown): HttpError {
  const body = typeof answer === 'object' && answer !== null ? answer : {}
  const message = 'message' in body && typeof body.message === 'string' ? body.message : response.statusText
  const request_id = response.headers.get('x-request-id') ?? undefined
  return new HttpError(message || `HTTP ${response.status}`, response.status, { request_id, ...body })
}
