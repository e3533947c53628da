import { afterEach, expect, it } from 'vitest'
import { createMetrics, showMetric } from './metrics.ts'
import { openOpsPort, type OpsServer, type Readiness } from './ops.ts'

let server: OpsServer | null = null
afterEach(async () => {
  await server?.close()
  server = null
})

const WELL: Readiness & { livesOn: string } = { ready: true, reasons: [], livesOn: 'postgres' }

async function opened(readiness: () => Readiness | Promise<Readiness> = () => WELL): Promise<string> {
  const metrics = createMetrics('test')
  showMetric({ name: 'turnpike_test', help: 'A figure.', read: () => 7 }, [metrics])
  server = await openOpsPort({ host: '127.0.0.1', port: 0, metrics, readiness })
  return server.url
}

it('tells that the process lives, that it is ready with every fact, and its figures', async () => {
  const url = await opened()
  expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: 'ok' })
  const ready = await fetch(`${url}/readyz?verbose`)
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', reasons: [], livesOn: 'postgres' }])
  const metrics = await fetch(`${url}/metrics`)
  expect(metrics.headers.get('content-type')).toContain('text/plain')
  expect(await metrics.text()).toContain('turnpike_test{process="test"} 7')
})

it('is 503 with the reasons when it is not ready, and when that cannot be found out', async () => {
  const reasons = ['postgres_away: Postgres does not answer.']
  const answers = [{ ready: false, reasons }, new Error('broken')]
  const url = await opened(() => {
    const next = answers.shift()
    if (next instanceof Error || next === undefined) throw next
    return next
  })
  const first = await fetch(`${url}/readyz`)
  expect([first.status, await first.json()]).toEqual([503, { status: 'not ready', reasons }])
  const second = await fetch(`${url}/readyz`)
  expect([second.status, await second.text()]).toEqual([503, expect.stringContaining('internal:')])
})

it.each([
  ['GET', '/'],
  ['GET', '/metrics/'],
  ['GET', '/toString'],
  ['POST', '/metrics'],
])('answers nothing else: %s %s', async (method, path) => {
  expect((await fetch((await opened()) + path, { method })).status).toBe(404)
})

it('says which port is taken', async () => {
  const { port } = new URL(await opened())
  const again = openOpsPort({
    host: '127.0.0.1',
    port: Number(port),
    metrics: createMetrics('x'),
    readiness: () => WELL,
  })
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE', port: Number(port) })
})
