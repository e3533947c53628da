import { Agent, request as httpRequest } from 'node:http'
import { headersFor, type Subject } from './subject.ts'

/** Times of one answer, in milliseconds since its request was sent. */
export interface Times {
  /** The first byte of the body: of a stream, its first content. */
  readonly firstMs: number
  readonly wholeMs: number
}

/** Answers under way at most: a subject that falls behind causes an error, not an endless queue. */
const UNDER_WAY_MAX = 2_000
/** Timers are no finer. */
const TICK_MS = 1

/** Sends requests at a steady rate, far below what the subject can do, whatever becomes of the earlier ones. */
export async function sendSteadily(
  subject: Subject,
  body: string,
  perSecond: number,
  seconds: number,
): Promise<Times[]> {
  const agent = new Agent({ keepAlive: true, noDelay: true })
  const all = perSecond * seconds
  const answers: Promise<Times>[] = []
  let underWay = 0
  try {
    await new Promise<void>((resolve, reject) => {
      const beganMs = performance.now()
      const timer = setInterval(() => {
        const due = Math.min(all, Math.floor(((performance.now() - beganMs) * perSecond) / 1_000))
        while (answers.length < due) {
          if (++underWay > UNDER_WAY_MAX) {
            clearInterval(timer)
            reject(new Error(`${subject.name} does not keep up with ${perSecond} requests/s.`))
            return
          }
          const answer = ask(subject, body, agent).finally(() => underWay--)
          // Looked at below; until then a failure is not "unhandled".
          answer.catch(() => undefined)
          answers.push(answer)
        }
        if (answers.length < all) return
        clearInterval(timer)
        resolve()
      }, TICK_MS)
    })
    return await Promise.all(answers)
  } finally {
    agent.destroy()
  }
}

function ask(subject: Subject, body: string, agent: Agent): Promise<Times> {
  return new Promise((resolve, reject) => {
    const sentMs = performance.now()
    let firstMs = 0
    const request = httpRequest(
      subject.url,
      { method: 'POST', agent, headers: { ...headersFor(subject), 'content-length': Buffer.byteLength(body) } },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`${subject.name} answered ${response.statusCode}.`))
        response.on('data', () => (firstMs ||= performance.now() - sentMs))
        response.once('end', () => resolve({ firstMs, wholeMs: performance.now() - sentMs }))
        response.once('error', reject)
      },
    )
    request.once('error', reject)
    request.end(body)
  })
}

/** Streams that stay open until `close`. */
interface Held {
  /** How many have neither ended nor broken off. */
  alive(): number
  close(): void
}

/** A crowd that arrives within milliseconds would measure the backlog of the socket. */
const OPENED_AT_ONCE_MAX = 50

/** Opens so many streams. Resolves once each has had its first content. */
export async function holdStreams(subject: Subject, body: string, count: number): Promise<Held> {
  const agent = new Agent({ keepAlive: false, noDelay: true })
  let alive = 0
  const opened = () => void alive++
  const closed = () => void alive--
  try {
    for (let open = 0; open < count; open += OPENED_AT_ONCE_MAX) {
      const batch = Math.min(OPENED_AT_ONCE_MAX, count - open)
      await Promise.all(Array.from({ length: batch }, () => begin(subject, body, agent, opened, closed)))
    }
  } catch (error) {
    agent.destroy()
    throw error
  }
  return { alive: () => alive, close: () => agent.destroy() }
}

function begin(subject: Subject, body: string, agent: Agent, opened: () => void, closed: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(subject.url, { method: 'POST', agent, headers: headersFor(subject) }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${subject.name} answered ${response.statusCode}.`))
      opened()
      response.on('data', () => resolve())
      response.once('close', closed)
      // We hang up at the end, which is an error to the parser and none to us.
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}
