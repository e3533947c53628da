import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiKey, AuditList, KeyCreated, KeyList, SessionAnswer } from '@turnpike/contract'
import { testPool, waitFor } from '@turnpike/testkit'
import { checkKey, openKeyPath } from '@turnpike/store'
import { issue, signUp, startControl, verifiedPerson, type RunningControl } from './control-process.ts'

let running: RunningControl

beforeAll(async () => {
  running = await startControl()
})
afterAll(() => running.close())

it('leads from sign-up over the code to a key that works, is listed without its secret, and can be revoked', async () => {
  const { visitor, email } = await signUp(running.url)
  const { code } = await issue(running, email)
  const verified = SessionAnswer.parse((await visitor.post('/verify', { code })).body)
  expect(verified.session.user.emailVerified).toBe(true)
  expect(verified.session.organisation.balanceNano).toBe('5000000000')

  const created = await visitor.post('/keys', { name: 'first', kind: 'live' })
  expect([created.status, created.headers.get('cache-control')]).toEqual([201, 'no-store'])
  const { key, data } = KeyCreated.parse(created.body)
  expect(checkKey(running.control.secrets, key)).toMatchObject({ kind: 'genuine', keyKind: 'live', id: data.id })
  expect(data.label).toBe(`tp_live_…${key.slice(-4)}`)

  const listed = await visitor.get('/keys')
  expect(KeyList.parse(listed.body).data).toEqual([data])
  expect(listed.text).not.toContain(key.slice(8, -4))

  const revoked = ApiKey.parse((await visitor.post(`/keys/${data.id}/revoke`)).body['data'])
  expect(revoked.revokedAt).not.toBeNull()
  const again = ApiKey.parse((await visitor.post(`/keys/${data.id}/revoke`)).body['data'])
  expect(again.revokedAt).toBe(revoked.revokedAt)
})

it('pages through many keys without losing or repeating one', async () => {
  const { visitor } = await verifiedPerson(running)
  const made: string[] = []
  for (let i = 0; i < 5; i++) {
    made.push(KeyCreated.parse((await visitor.post('/keys', { name: `key ${i}`, kind: 'test' })).body).data.id)
  }
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const answer = await visitor.get(`/keys?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`)
    const page = KeyList.parse(answer.body)
    seen.push(...page.data.map(({ id }) => id))
    expect(page.hasMore).toBe(page.nextCursor !== null)
    cursor = page.nextCursor
  } while (cursor !== null)
  expect(seen).toEqual(made.toReversed())
})

it('writes down who changed what, without digests or secrets', async () => {
  const { visitor, userId } = await verifiedPerson(running)
  const { data, key } = KeyCreated.parse((await visitor.post('/keys', { name: 'old', kind: 'live' })).body)
  await visitor.patch(`/keys/${data.id}`, { name: 'new' })
  await visitor.post(`/keys/${data.id}/revoke`)
  const answer = await visitor.get('/audit')
  const entries = AuditList.parse(answer.body).data
  const ofKey = entries.filter(({ entityId }) => entityId === data.id)
  expect(ofKey.map(({ action, actor }) => [action, actor])).toEqual([
    ['key.revoke', userId],
    ['key.rename', userId],
    ['key.create', userId],
  ])
  expect([ofKey[1]?.before?.['name'], ofKey[1]?.after?.['name']]).toEqual(['old', 'new'])
  expect(answer.text).not.toContain(key.slice(8, 40))
  expect(answer.text).not.toMatch(/digest/i)
})

it('reports a revocation to gateways on both channels, with the next version', async () => {
  const { visitor } = await verifiedPerson(running)
  const { data, key } = KeyCreated.parse((await visitor.post('/keys', { name: 'doomed', kind: 'live' })).body)
  const checked = checkKey(running.control.secrets, key)
  if (checked.kind !== 'genuine') throw new Error('our own key is not genuine')
  const { digest } = checked
  const nodes = [running.config.REDIS_URL, undefined].map((redisUrl) =>
    openKeyPath({
      redisUrl,
      databaseUrl: running.database.gatewayUrl,
      secrets: running.control.secrets,
      applicationName: 'test',
      onChannel: () => undefined,
    }),
  )
  for (const node of nodes) {
    await waitFor(() => node.channels().postgres && node.channels().redis !== false, { withinMs: 5_000 })
    expect(await node.keys.lookup(digest)).toMatchObject({ kind: 'found' })
  }
  await visitor.post(`/keys/${data.id}/revoke`)
  for (const { keys } of nodes) {
    await waitFor(async () => (await keys.lookup(digest)).kind === 'absent', { withinMs: 5_000 })
  }
  await Promise.all(nodes.map((node) => node.close()))

  const gateway = testPool(running.database.gatewayUrl, 2)
  const { rows } = await gateway.query<{ entity: string; digests: Buffer[]; version: bigint }>(
    'SELECT entity, digests, version FROM key_events_since(0, 1000) WHERE entity_id = $1 ORDER BY sequence',
    [data.id],
  )
  await gateway.end()
  expect(rows.map(({ entity, version }) => [entity, Number(version)])).toEqual([
    ['api_keys', 1],
    ['api_keys', 2],
  ])
  expect(rows[1]?.digests).toEqual([digest])
})

it('keeps only what cannot be turned back into a key', async () => {
  const { visitor } = await verifiedPerson(running)
  const { data, key } = KeyCreated.parse((await visitor.post('/keys', { name: 'kept', kind: 'live' })).body)
  const owner = testPool(running.database.ownerUrl, 1)
  const { rows } = await owner.query<{ row: string; digest: Buffer }>(
    'SELECT to_jsonb(k)::text AS row, digest FROM api_keys k WHERE id = $1',
    [data.id],
  )
  await owner.end()
  expect(rows[0]?.row).not.toContain(key.slice(8, 40))
  expect(rows[0]?.digest).not.toEqual(createHash('sha256').update(key).digest())
})

it.each([
  [{ kind: 'live' }, 'name'],
  [{ name: ' ', kind: 'live' }, 'name'],
  [{ name: 'a\u202eb', kind: 'live' }, 'name'],
  [{ name: 'x'.repeat(81), kind: 'live' }, 'name'],
  [{ name: 'a', kind: 'root' }, 'kind'],
  [{ name: 'a', kind: 'live', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  [{ name: 'a', kind: 'live', expiresAt: 'tomorrow' }, 'expiresAt'],
  [{ name: 'a', kind: 'live', tenantId: 'other' }, 'tenantId'],
  [{ name: { not: '' }, kind: 'live' }, 'name'],
])('refuses the key %j and names the field %s', async (body, field) => {
  const { visitor } = await verifiedPerson(running)
  const answer = await visitor.post('/keys', body)
  expect([answer.status, answer.body['code'], Object.keys(answer.body['errors'] as object)]).toEqual([
    400,
    'request_invalid',
    [field],
  ])
})

it('goes on without Redis', async () => {
  const lonely = await startControl({ REDIS_URL: 'redis://127.0.0.1:1' })
  const { visitor } = await verifiedPerson(lonely)
  const { data } = KeyCreated.parse((await visitor.post('/keys', { name: 'first', kind: 'live' })).body)
  expect((await visitor.post(`/keys/${data.id}/revoke`)).status).toBe(200)
  await lonely.close()
})
