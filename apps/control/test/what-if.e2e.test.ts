import { afterAll, beforeAll, expect, it } from 'vitest'
import { PolicyAnswer, WhatIfAnswer, WhatIfList, WhatIfStarted } from '@turnpike/contract'
import { claimWhatIf, endWhatIf } from '@turnpike/store'
import { openReplay, type PolicyId } from '@turnpike/domain'
import { colleagueOf, startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'

let running: RunningControl
let person: Person
let policyId: string

const DAY_MS = 86_400_000
const at = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString()

beforeAll(async () => {
  running = await startControl()
  person = await verifiedPerson(running)
  const made = await person.visitor.post('/policies', { name: 'one', document: { objective: 'latency' } })
  policyId = PolicyAnswer.parse(made.body).data.id
})
afterAll(() => running.close())

async function start(body: object = { document: { objective: 'cost' } }) {
  const answer = await person.visitor.post('/what-if', { from: at(1), to: at(0), ...body })
  return { status: answer.status, body: answer.body, run: WhatIfStarted.safeParse(answer.body).data?.data }
}

function cancel(id: string | undefined) {
  return person.visitor.send('DELETE', `/console/v1/what-if/${id}`)
}

it('queues a run of a draft, shows it, lists it and cancels it', async () => {
  const { status, run } = await start()
  expect(status).toBe(202)
  expect(run).toMatchObject({ state: 'queued', progress: 0, document: { objective: 'cost' }, policyId: null })
  const shown = WhatIfAnswer.parse((await person.visitor.get(`/what-if/${run?.id}`)).body)
  expect(shown.data).toMatchObject({ id: run?.id, report: null })
  const listed = WhatIfList.parse((await person.visitor.get('/what-if')).body)
  expect(listed.data.map(({ id }) => id)).toContain(run?.id)
  const called = await cancel(run?.id)
  expect([called.status, WhatIfStarted.parse(called.body).data.state]).toEqual([200, 'cancelled'])
  expect((await cancel(run?.id)).status).toBe(200)
})

it('queues a run of a saved version, with its document', async () => {
  const { run } = await start({ policyId, version: 1 })
  expect(run).toMatchObject({ policyId, version: 1, document: { objective: 'latency' } })
  await cancel(run?.id)
})

it('gives the report of a run that is done, as the schema has it', async () => {
  const { run } = await start()
  const { prisma } = running.control
  const claimed = await claimWhatIf(prisma, person.tenantId, run?.id ?? '', Date.now())
  if (!claimed) throw new Error('nothing to claim')
  const replay = openReplay({
    policy: { id: 'draft' as PolicyId, version: 0, policy: {} as never },
    wider: new Set<PolicyId>(),
  })
  replay.skip(2)
  await endWhatIf(prisma, claimed, { report: replay.report(), rowsDone: 2 }, Date.now())
  const { data } = WhatIfAnswer.parse((await person.visitor.get(`/what-if/${run?.id}`)).body)
  expect(data).toMatchObject({ state: 'done', progress: 1, rowsDone: 2, report: { requests: 0, unrecorded: 2 } })
  expect(data.report?.totals.predicted.costNano).toBe('0')
  expect(data.report?.limits.every(({ message }) => message.length > 10)).toBe(true)
})

it.each<[string, object, RegExp]>([
  ['document', {}, /either a document/],
  ['document', { document: {}, policyId: '00000000-0000-4000-8000-000000000000', version: 1 }, /either a document/],
  ['policyId', { version: 1 }, /needs the policy/],
  ['version', { policyId: '00000000-0000-4000-8000-000000000000', version: 1 }, /no such version/],
  ['to', { document: {}, from: at(1), to: at(2) }, /later than from/],
  ['to', { document: {}, to: at(-1) }, /future/],
  ['from', { document: {}, from: at(40) }, /31 days/],
  ['keyId', { document: {}, keyId: '0000000000000000' }, /no such key/],
  ['document', { document: { objective: 'costs' } }, /Did you mean cost/],
  ['document', { document: { only: ['acorm'] } }, /Did you mean acorn/],
])('refuses what it cannot try, naming %s: %o', async (field, body, message) => {
  const { status, body: problem } = await start(body)
  expect(status).toBe(400)
  expect(JSON.stringify((problem['errors'] as Record<string, unknown>)[field])).toMatch(message)
})

it('lets a viewer look and not start', async () => {
  const viewer = await colleagueOf(running, person, 'viewer')
  expect((await viewer.visitor.get('/what-if')).status).toBe(200)
  expect((await viewer.visitor.post('/what-if', { document: {}, from: at(1), to: at(0) })).status).toBe(403)
})
