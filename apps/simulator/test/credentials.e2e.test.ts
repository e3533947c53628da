import { expect, it } from 'vitest'
import { json, post, simulated } from './support.ts'

const simulator = simulated()

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })

/** How each dialect is asked for its models, where it keeps a prompt, and how it says no. */
const DIALECTS = [
  {
    name: 'OpenAI',
    models: '/acorn/v1/models',
    prompt: '/acorn/v1/chat/completions',
    credential: bearer,
    refusal: { error: { type: 'invalid_request_error', code: 'invalid_api_key' } },
  },
  {
    name: 'Anthropic',
    models: '/birch/v1/models?limit=1',
    prompt: '/birch/v1/messages',
    credential: (key: string) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    refusal: { type: 'error', error: { type: 'authentication_error' } },
  },
  {
    name: 'Gemini',
    models: '/cedar/v1beta/models?pageSize=1',
    prompt: '/cedar/v1beta/models/swift-8b:generateContent',
    credential: (key: string) => ({ 'x-goog-api-key': key }),
    refusal: { error: { status: 'UNAUTHENTICATED', details: [{ reason: 'API_KEY_INVALID' }] } },
  },
]

it.each(DIALECTS)('shows its models to any credential of the $name shape', async ({ models, credential }) => {
  const reply = await fetch(simulator.url + models, { headers: credential('anything-goes') })
  expect([reply.status, (await reply.text()).includes('swift-8b')]).toEqual([200, true])
})

it.each(DIALECTS)(
  'refuses what begins with “refuse” everywhere, in the words of $name',
  async ({ models, prompt, credential, refusal }) => {
    const none = { authorization: '', 'x-api-key': '', 'x-goog-api-key': '' }
    for (const key of ['refuse', 'refuse-this-one-too']) {
      const listed = await fetch(simulator.url + models, { headers: credential(key) })
      expect([listed.status, await json(listed)]).toMatchObject([401, refusal])
      const asked = await post(simulator.url + prompt, {}, { ...none, ...credential(key) })
      expect([asked.status, await json(asked)]).toMatchObject([401, refusal])
    }
    expect((await fetch(simulator.url + models, { headers: credential('never-refuse') })).status).toBe(200)
  },
)

it.each(DIALECTS)('shows no models without a credential: $name', async ({ models, refusal }) => {
  const reply = await fetch(simulator.url + models, { headers: { 'anthropic-version': '2023-06-01' } })
  expect([reply.status, await json(reply)]).toMatchObject([401, refusal])
})

it('lists page by page where the family does', async () => {
  const anthropic = await json(
    fetch(`${simulator.url}/birch/v1/models?limit=1`, { headers: DIALECTS[1]?.credential('key') ?? {} }),
  )
  expect(anthropic).toMatchObject({ has_more: true, first_id: 'swift-8b', last_id: 'swift-8b' })
  const next = await json(
    fetch(`${simulator.url}/birch/v1/models?after_id=swift-8b`, { headers: DIALECTS[1]?.credential('key') ?? {} }),
  )
  expect(next).toMatchObject({ has_more: false, first_id: 'sage-70b' })
  const google = await json(
    fetch(`${simulator.url}/cedar/v1beta/models?pageSize=1`, { headers: { 'x-goog-api-key': 'key' } }),
  )
  expect(google).toMatchObject({ models: [{ name: 'models/swift-8b' }], nextPageToken: '1' })
})
