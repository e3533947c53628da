import { note } from '@turnpike/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { startProvider, type Asking } from './upstream-provider.fixture.ts'
import { chat, MODEL, PRIMARY, useUpstreams, type Upstreams } from './upstream-rig.fixture.ts'

const current = useUpstreams()

/** What the provider says it used, piece by piece as JSON, and what is billed: its last sane word, else what was seen to arrive. */
const LIES: readonly (readonly [
  lie: string,
  told: readonly string[],
  billed: { prompt: number | null; completion: number | null },
])[] = [
  ['nothing', [], { prompt: null, completion: null }],
  ['zero', ['{"prompt_tokens":0,"completion_tokens":0}'], { prompt: 0, completion: 0 }],
  ['less than nothing', ['{"prompt_tokens":-1,"completion_tokens":-1}'], { prompt: null, completion: null }],
  ['no number', ['{"prompt_tokens":null,"completion_tokens":null}'], { prompt: null, completion: null }],
  ['a number in quotes', ['{"prompt_tokens":"12","completion_tokens":"3"}'], { prompt: null, completion: null }],
  ['a part of a token', ['{"prompt_tokens":1.5,"completion_tokens":2.5}'], { prompt: null, completion: null }],
  [
    'more than any model takes',
    ['{"prompt_tokens":1e12,"completion_tokens":1e12}'],
    { prompt: null, completion: null },
  ],
  ['ten times as much', ['{"prompt_tokens":120,"completion_tokens":30}'], { prompt: 120, completion: 30 }],
  [
    'less and less',
    ['{"prompt_tokens":12,"completion_tokens":9}', '{"prompt_tokens":12,"completion_tokens":3}'],
    { prompt: 12, completion: 3 },
  ],
  ['half of it', ['{"completion_tokens":3}'], { prompt: null, completion: 3 }],
]
const WORDS = ['one', ' two', ' three']

it('D13 whatever a provider reports is billed by rule, to the nano-dollar', async (context) => {
  const upstreams = current()
  let told: readonly string[] = []
  const provider = await startProvider((asking) => answer(asking, told))
  onTestFinished(() => {
    upstreams.reroute(PRIMARY, null)
    return provider.close()
  })
  upstreams.reroute(PRIMARY, provider.origin)
  const prices = await pricesOf(upstreams)
  for (const [lie, pieces, billed] of LIES) {
    told = pieces
    const { status, text } = await chat(upstreams, { provider: { only: [PRIMARY] }, stream: true })
    expect(status, lie).toBe(200)
    const usage = usageOf(text)
    const [prompt, completion] = [Number(usage['prompt_tokens']), Number(usage['completion_tokens'])]
    expect([lie, prompt, completion]).toEqual([lie, billed.prompt ?? 0, billed.completion ?? WORDS.length])
    const dollars = completion === 0 ? 0 : prompt * prices.prompt + completion * prices.completion
    expect(Number(usage['cost']), lie).toBeCloseTo(dollars, 12)
  }
  note(context, { lies: LIES.length })
})

function answer({ response }: Asking, told: readonly string[]): void {
  const event = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ id: 'own', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(WORDS.map((content) => event({ content }, null)).join(''))
  response.write(event({}, 'stop'))
  response.end(
    `${told.map((usage) => `data: {"id":"own","choices":[],"usage":${usage}}\n\n`).join('')}data: [DONE]\n\n`,
  )
}

function usageOf(stream: string): Record<string, unknown> {
  const last = stream
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as { usage?: Record<string, unknown> | null })
    .findLast(({ usage }) => usage)
  if (!last?.usage) throw new Error('the stream told no usage')
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
