import { Fault } from '@turnpike/domain'
import { Egress } from '@turnpike/server'

/** A process whose certificate authorities a test chooses: posts to each address given and prints what came of it. */
const egress = new Egress({ connectTimeoutMs: 1_500, connectionsMax: 1 })
const outcomes: string[] = []
for (const baseUrl of process.argv.slice(2)) {
  const { signal } = new AbortController()
  const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, signal }
  const outcome = await egress.post({ baseUrl, path: '/', headers: {}, body: '{}', ...limits }).then(
    async (reply) => {
      await reply.text(1_000_000)
      return String(reply.status)
    },
    (error: unknown) => (error instanceof Fault ? `${error.code} ${String(error.facts.detail?.['code'])}` : 'no fault'),
  )
  outcomes.push(outcome)
}
process.stdout.write(JSON.stringify(outcomes))
await egress.close()
