import { expect, it } from 'vitest'
import { Counts } from './counts.ts'

function local() {
  const clock = { ms: 1 }
  return { clock, counts: new Counts({ shared: null, name: 'test', windowMs: 60_000, now: () => clock.ms }) }
}

it('begins a window with the first event, and none of the later ones prolongs it', async () => {
  const { clock, counts } = local()
  expect(await counts.add('a')).toEqual({ count: 1, endsInMs: 60_000 })
  clock.ms += 40_000
  expect(await counts.add('a')).toEqual({ count: 2, endsInMs: 20_000 })
  expect(await counts.read('a')).toEqual({ count: 2, endsInMs: 20_000 })
  clock.ms += 20_001
  expect(await counts.read('a')).toBeNull()
  expect(await counts.add('a')).toEqual({ count: 1, endsInMs: 60_000 })
})

it('begins the window anew on request', async () => {
  const { clock, counts } = local()
  await counts.add('a')
  clock.ms += 40_000
  await counts.addAndExtend('a')
  expect(await counts.read('a')).toEqual({ count: 2, endsInMs: 60_000 })
})

it('forgets the oldest subjects rather than grow without end', async () => {
  const { counts } = local()
  for (let i = 0; i <= 20_000; i++) await counts.add(String(i))
  expect(await counts.read('0')).toBeNull()
  expect(await counts.read('20000')).toMatchObject({ count: 1 })
})
