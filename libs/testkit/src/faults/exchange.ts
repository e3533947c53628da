import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http'

/** One HTTP request, ready to be sent any number of times. */
export interface Outgoing {
  readonly method: 'GET' | 'POST'
  /** Below a target's base URL. */
  readonly path: string
  readonly key: string
  readonly body: string | null
}

/** What came of sending it once. */
export interface Answer {
  /** 0: no answer. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body as far as it came. */
  readonly text: string
  /** Why the answer is missing or broke off; null when it is whole. */
  readonly broken: string | null
}

/** The base URL of an API, taken apart once. */
export interface Base {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly path: string
}

export function baseOf(url: string): Base {
  const { hostname, port, pathname } = new URL(url)
  return { url, host: hostname, port: Number(port), path: pathname.replace(/\/+$/, '') }
}

/** Sends a request and reads the answer to its end. Never rejects. @param timeoutMs for all of it */
export function exchange(outgoing: Outgoing, base: Base, agent: Agent, timeoutMs: number): Promise<Answer> {
  const { method, path, key, body } = outgoing
  return new Promise((resolve) => {
    let status = 0
    let headers: IncomingHttpHeaders = {}
    let text = ''
    let late: NodeJS.Timeout | undefined
    const settle = (broken: string | null) => {
      clearTimeout(late)
      resolve({ status, headers, text, broken })
    }
    const fail = (error: Error) => settle('code' in error ? String(error.code) : error.message)
    const request = httpRequest(
      {
        ...{ method, agent, host: base.host, port: base.port, path: base.path + path },
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== null && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        status = response.statusCode ?? 0
        headers = response.headers
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.once('end', () => settle(null))
        response.once('error', fail)
      },
    )
    late = setTimeout(() => request.destroy(new Error('timeout')), timeoutMs)
    request.once('error', fail)
    request.end(body ?? undefined)
  })
}
