import { afterAll, beforeAll, expect, it } from 'vitest'
import { CatalogueDraftAnswer, CatalogueDraftList, CataloguePublished } from '@turnpike/contract'
import type { CatalogueEntries } from '@turnpike/store'
import { proposeDraft } from '@turnpike/store'
import { aModel, anEndpoint, aPrice, aProvider, testPool } from '@turnpike/testkit'
import { colleagueOf, startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'

let running: RunningControl
let operator: Person
let tenant: Person

beforeAll(async () => {
  running = await startControl()
  operator = await verifiedPerson(running)
  tenant = await verifiedPerson(running)
  const owner = testPool(running.database.ownerUrl)
  await owner.query(
    `BEGIN; SET LOCAL ROLE turnpike_system; UPDATE organisations SET funds = 'operator' WHERE tenant_id = '${operator.tenantId}'; COMMIT`,
  )
  await owner.end()
})
afterAll(() => running.close())

/** A price list with one model of one provider. */
function aList(prompt: bigint): CatalogueEntries {
  return {
    origin: 'acme prices, 2026-11-21',
    models: [aModel('acme/one')],
    providers: [aProvider('acme', { simulated: false })],
    endpoints: [anEndpoint('acme', 'acme/one', { price: aPrice({ prompt }) })],
  }
}

async function draft(prompt: bigint): Promise<string> {
  const made = await proposeDraft(running.control.pool, 'file', aList(prompt), 'operator')
  return made?.id ?? 'none'
}

async function listed(): Promise<string[]> {
  const { body } = await operator.visitor.get('/models')
  return (body as { data: { slug: string }[] }).data.map(({ slug }) => slug)
}

it('lets the operator review an import and publish it, once', async () => {
  const id = await draft(100n)
  const { data } = CatalogueDraftList.parse((await operator.visitor.get('/catalogue/drafts')).body)
  expect(data).toMatchObject([{ id, status: 'open', added: 4, held: 0, origin: 'acme prices, 2026-11-21' }])
  const one = CatalogueDraftAnswer.parse((await operator.visitor.get(`/catalogue/drafts/${id}`)).body)
  expect(one.data.changes.map(({ table, name }) => `${table} ${name}`)).toContain('endpoints acme/acme/one')
  expect(await listed()).not.toContain('acme/one')
  const published = CataloguePublished.parse((await operator.visitor.post(`/catalogue/drafts/${id}/publish`, {})).body)
  expect(published.data).toMatchObject({ written: 4, held: [] })
  expect(await listed()).toContain('acme/one')
  expect((await operator.visitor.post(`/catalogue/drafts/${id}/publish`, {})).status).toBe(409)
  const closed = CatalogueDraftAnswer.parse((await operator.visitor.get(`/catalogue/drafts/${id}`)).body)
  expect(closed.data).toMatchObject({ status: 'published', closedBy: operator.userId })
})

it('publishes a price that moved too far only when it is named', async () => {
  const id = await draft(100_000n)
  const wrong = await operator.visitor.post(`/catalogue/drafts/${id}/publish`, { confirm: ['acme/acme/two'] })
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('Did you mean acme/acme/one?')])
  const answer = await operator.visitor.post(`/catalogue/drafts/${id}/publish`, { confirm: ['acme/acme/one'] })
  expect(CataloguePublished.parse(answer.body).data).toMatchObject({ written: 1, held: [] })
})

it('discards a draft, and has the worker read the list again', async () => {
  const id = await draft(100_001n)
  expect((await operator.visitor.post(`/catalogue/drafts/${id}/discard`, {})).status).toBe(204)
  expect((await operator.visitor.post('/catalogue/imports', {})).status).toBe(202)
  const { rows } = await running.control.pool.query(
    `SELECT task_identifier FROM graphile_worker.jobs WHERE task_identifier = 'import-catalogue'`,
  )
  expect(rows).toHaveLength(1)
})

it('shows nothing of it to other organisations, and lets viewers of the operator’s publish nothing', async () => {
  const id = await draft(100_002n)
  for (const path of ['/catalogue/drafts', `/catalogue/drafts/${id}`])
    expect((await tenant.visitor.get(path)).status).toBe(404)
  for (const path of ['/catalogue/imports', `/catalogue/drafts/${id}/publish`, `/catalogue/drafts/${id}/discard`]) {
    expect((await tenant.visitor.post(path, {})).status).toBe(404)
  }
  const viewer = await colleagueOf(running, operator, 'viewer')
  expect((await viewer.visitor.post(`/catalogue/drafts/${id}/publish`, {})).status).toBe(403)
})
