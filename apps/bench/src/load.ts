import autocannon from 'autocannon'
import { headersFor, type Subject } from './subject.ts'

/** An answer that takes longer than this on loopback never comes. */
const TIMEOUT_S = 20

/** Sends one request again and again. Rejects when any fails, as a gateway that refuses is fast. Returns answers per second. */
export async function saturate(subject: Subject, body: string, connections: number, seconds: number): Promise<number> {
  const result = await autocannon({
    url: subject.url,
    method: 'POST',
    headers: headersFor(subject),
    body,
    connections,
    duration: seconds,
    timeout: TIMEOUT_S,
  })
  const failed = result.errors + result.timeouts + result.non2xx
  if (failed > 0) throw new Error(`${subject.name} failed ${failed} requests of ${failed + result['2xx']}.`)
  if (result['2xx'] === 0) throw new Error(`${subject.name} answered nothing in ${seconds} s.`)
  return result['2xx'] / result.duration
}
