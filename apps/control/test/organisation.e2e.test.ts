import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditList, KeyCreated, OrganisationAnswer, SessionAnswer } from '@turnpike/contract'
import { checkKey } from '@turnpike/store'
import { testPool } from '@turnpike/testkit'
import { colleagueOf, startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'

let running: RunningControl
let owner: Person

beforeAll(async () => {
  running = await startControl()
  owner = await verifiedPerson(running)
})
afterAll(() => running.close())

/** The caller that a gateway would look up for a key now. */
async function lookedUp(key: string): Promise<{ version: bigint; stale_max_s: number } | undefined> {
  const checked = checkKey(running.control.secrets, key)
  if (checked.kind !== 'genuine') throw new Error('not a key of ours')
  const pool = testPool(running.database.gatewayUrl, 1)
  try {
    const { rows } = await pool.query<{ version: bigint; stale_max_s: number }>(
      'SELECT version, stale_max_s FROM auth_lookup($1::bytea[])',
      [[checked.digest]],
    )
    return rows[0]
  } finally {
    await pool.end()
  }
}

it('lets an owner choose how long keys may go on unchecked, which every key of the organisation carries from then on', async () => {
  const { key } = KeyCreated.parse((await owner.visitor.post('/keys', { name: 'k', kind: 'live' })).body)
  expect(await lookedUp(key)).toEqual({ version: 1n, stale_max_s: 3600 })
  const changed = await owner.visitor.patch('/organisation', { staleMaxSeconds: 0 })
  expect(changed.status).toBe(200)
  expect(OrganisationAnswer.parse(changed.body).data).toMatchObject({ id: owner.tenantId, staleMaxSeconds: 0 })
  expect(await lookedUp(key)).toEqual({ version: 2n, stale_max_s: 0 })
})

it('renames an organisation, shows it in the session, and records the change in the audit log', async () => {
  const person = await verifiedPerson(running)
  await person.visitor.patch('/organisation', { name: '  Toll & Sons ' })
  const { session } = SessionAnswer.parse((await person.visitor.get('/session')).body)
  expect(session.organisation.name).toBe('Toll & Sons')
  const { data } = AuditList.parse((await person.visitor.get('/audit')).body)
  expect(data[0]).toMatchObject({
    actor: person.userId,
    action: 'organisation.update',
    entity: 'organisations',
    after: { name: 'Toll & Sons', staleMaxSeconds: 3600 },
  })
})

it('makes no event of a change that changes nothing', async () => {
  const person = await verifiedPerson(running)
  const { key } = KeyCreated.parse((await person.visitor.post('/keys', { name: 'k', kind: 'live' })).body)
  expect((await person.visitor.patch('/organisation', { staleMaxSeconds: 3600 })).status).toBe(200)
  expect((await person.visitor.patch('/organisation', {})).status).toBe(200)
  expect((await lookedUp(key))?.version).toBe(1n)
})

it.each([-1, 3601, 0.5, '60', null])('refuses %j as a time, and changes nothing', async (staleMaxSeconds) => {
  const person = await verifiedPerson(running)
  const answer = await person.visitor.patch('/organisation', { name: 'other', staleMaxSeconds })
  expect([answer.status, answer.body['errors']]).toEqual([400, { staleMaxSeconds: expect.any(String) }])
  const { data } = OrganisationAnswer.parse((await person.visitor.get('/organisation')).body)
  expect(data).toMatchObject({ name: expect.not.stringMatching('other'), staleMaxSeconds: 3600 })
})

it('refuses what an organisation does not choose for itself', async () => {
  const answer = await owner.visitor.patch('/organisation', { funds: 'operator' })
  expect(answer.status).toBe(400)
})

it.each(['admin', 'developer', 'viewer'])('is for owners and admins: %s', async (role) => {
  const { visitor } = await colleagueOf(running, owner, role)
  const expected = role === 'admin' ? 200 : 403
  expect((await visitor.get('/organisation')).status).toBe(expected)
  expect((await visitor.patch('/organisation', { staleMaxSeconds: 60 })).status).toBe(expected)
})
