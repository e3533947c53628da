import type { UsageWarning } from '@turnpike/domain'
import { note, waitFor } from '@turnpike/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { startProvider, type Asking } from './upstream-provider.fixture.ts'
import { chat, MODEL, PRIMARY, useUpstreams, type Upstreams } from './upstream-rig.fixture.ts'

const current = useUpstreams()

/** About 500 tokens. */
const PROMPT = 'What is a turnpike, and who pays its toll? '.repeat(50)
/** As many tokens as words, one an event. */
const WORDS = 'A turnpike is a road on which a toll is paid at the gates.'.split(/(?= )/)

interface Figures {
  readonly prompt: number | null
  readonly completion: number | null
}
const NONE: Figures = { prompt: null, completion: null }

/**
 * What the provider reports, piece by piece as JSON; what is billed: its last valid report, else what was seen to arrive; and the
 * usage warnings of the record. A number that is none (NaN) is null in JSON.
 */
const LIES: readonly (readonly [
  lie: string,
  reported: readonly string[],
  billed: Figures,
  usageWarnings: readonly UsageWarning[],
])[] = [
  ['the truth', ['{"prompt_tokens":500,"completion_tokens":14}'], { prompt: 500, completion: 14 }, []],
  ['nothing', [], NONE, ['absent']],
  ['zero', ['{"prompt_tokens":0,"completion_tokens":0}'], { prompt: 0, completion: 0 }, ['zero']],
  ['less than nothing', ['{"prompt_tokens":-1,"completion_tokens":-1}'], NONE, ['invalid']],
  ['no number', ['{"prompt_tokens":null,"completion_tokens":null}'], NONE, ['absent']],
  ['a number in quotes', ['{"prompt_tokens":"12","completion_tokens":"3"}'], NONE, ['invalid']],
  ['a part of a token', ['{"prompt_tokens":1.5,"completion_tokens":2.5}'], NONE, ['invalid']],
  ['more than any model takes', ['{"prompt_tokens":1e12,"completion_tokens":1e12}'], NONE, ['invalid']],
  [
    'ten times the prompt',
    ['{"prompt_tokens":5000,"completion_tokens":14}'],
    { prompt: 5_000, completion: 14 },
    ['prompt_high'],
  ],
  [
    'ten times the answer',
    ['{"prompt_tokens":500,"completion_tokens":140}'],
    { prompt: 500, completion: 140 },
    ['completion_high'],
  ],
  [
    'less and less',
    ['{"prompt_tokens":500,"completion_tokens":14}', '{"prompt_tokens":500,"completion_tokens":3}'],
    { prompt: 500, completion: 3 },
    ['shrunk'],
  ],
  ['half of it', ['{"completion_tokens":3}'], { prompt: null, completion: 3 }, ['absent']],
]

it('D13 whatever a provider reports is billed by rule, to the nano-dollar, and a lie is flagged', async (context) => {
  const upstreams = current()
  let reported: readonly string[] = []
  const provider = await startProvider((asking) => answer(asking, reported))
  onTestFinished(() => {
    upstreams.reroute(PRIMARY, null)
    return provider.close()
  })
  upstreams.reroute(PRIMARY, provider.origin)
  const prices = await pricesOf(upstreams)
  const messages = [{ role: 'user', content: PROMPT }]
  for (const [lie, pieces, billed, usageWarnings] of LIES) {
    reported = pieces
    const { status, text, headers } = await chat(upstreams, { messages, provider: { only: [PRIMARY] }, stream: true })
    expect(status, lie).toBe(200)
    const usage = usageOf(text)
    const [prompt, completion] = [Number(usage['prompt_tokens']), Number(usage['completion_tokens'])]
    expect([lie, prompt, completion]).toEqual([lie, billed.prompt ?? 0, billed.completion ?? WORDS.length])
    const dollars = completion === 0 ? 0 : prompt * prices.prompt + completion * prices.completion
    expect(Number(usage['cost']), lie).toBeCloseTo(dollars, 12)
    expect([lie, await usageWarningsOf(upstreams, headers.get('x-generation-id') ?? '')]).toEqual([
      lie,
      [usageWarnings],
    ])
  }
  note(context, { lies: LIES.length - 1 })
})

/** Attempt by attempt, as the record has them. */
async function usageWarningsOf({ api, keys }: Upstreams, id: string): Promise<unknown> {
  const { data } = await waitFor(
    async () => {
      const reply = await fetch(`${api}/generation?id=${id}`, { headers: { authorization: `Bearer ${keys[0]?.key}` } })
      return reply.ok ? ((await reply.json()) as { data: { provider_responses: { usage_warnings: unknown }[] } }) : null
    },
    { withinMs: 5_000, what: 'the record of a request' },
  )
  return data.provider_responses.map(({ usage_warnings: usageWarnings }) => usageWarnings)
}

function answer({ response }: Asking, reported: readonly string[]): void {
  const event = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ id: 'own', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(WORDS.map((content) => event({ content }, null)).join(''))
  response.write(event({}, 'stop'))
  response.end(
    `${reported.map((usage) => `data: {"id":"own","choices":[],"usage":${usage}}\n\n`).join('')}data: [DONE]\n\n`,
  )
}

function usageOf(stream: string): Record<string, unknown> {
  const last = stream
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as { usage?: Record<string, unknown> | null })
    .findLast(({ usage }) => usage)
  if (!last?.usage) throw new Error('the stream reported no usage')
  return last.usage
}

/** Dollars per token. */
async function pricesOf({ api, keys }: Upstreams): Promise<{ prompt: number; completion: number }> {
  const reply = await fetch(`${api}/models/${MODEL}/endpoints`, {
    headers: { authorization: `Bearer ${keys[0]?.key}` },
  })
  const { data } = (await reply.json()) as {
    data: { endpoints: { tag?: string; provider_name: string; pricing: { prompt: string; completion: string } }[] }
  }
  const found = data.endpoints.find((one) =>
    [one.tag, one.provider_name.toLowerCase()].some((name) => name?.startsWith(PRIMARY)),
  )
  if (!found) throw new Error(`${PRIMARY} is not listed`)
  return { prompt: Number(found.pricing.prompt), completion: Number(found.pricing.completion) }
}
