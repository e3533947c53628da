import { expect, it } from 'vitest'
import { CHUNK, CHUNKS_PER_STREAM, WHOLE } from './answers.ts'
import { startFloor } from './floor.ts'
import { BODIES } from './requests.ts'
import { startUpstream, type Served } from './upstream.ts'

it('speaks in the sizes that the figures are about', () => {
  expect(WHOLE.length).toBe(1_400)
  expect(CHUNK.length).toBe(300)
  expect(BODIES.chat.length).toBe(1_200)
  expect(BODIES.prompt.length).toBe(400_000)
})

it('passes whole and streamed answers through the floor unchanged, and counts what was served', async () => {
  const upstream = await startUpstream()
  const floor = await startFloor(String(upstream.ready['url']))
  try {
    for (const body of [BODIES.chat, BODIES.stream]) {
      expect(await ask(floor.ready['url'], body)).toBe(await ask(upstream.ready['url'], body))
    }
    const control = String(upstream.ready['url']).replace(/\/v1$/, '')
    const served = (await (await fetch(`${control}/served`)).json()) as Served
    expect(served).toEqual({ requests: 4, chunks: 2 * CHUNKS_PER_STREAM })
  } finally {
    await floor.close()
    await upstream.close()
  }
})

it('keeps streams at the pace it was set to', async () => {
  const upstream = await startUpstream()
  try {
    const base = String(upstream.ready['url'])
    const pace = { firstChunkMs: 60, chunkMs: 0 }
    await fetch(base.replace(/\/v1$/, '/pace'), { method: 'PUT', body: JSON.stringify(pace) })
    const began = performance.now()
    const answer = await fetch(`${base}/chat/completions`, { method: 'POST', body: BODIES.stream })
    await answer.body?.getReader().read()
    expect(performance.now() - began).toBeGreaterThan(55)
    await answer.body?.cancel().catch(() => undefined)
  } finally {
    await upstream.close()
  }
})

async function ask(base: unknown, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${String(base)}/chat/completions`, { method: 'POST', headers, body })).text()
}
