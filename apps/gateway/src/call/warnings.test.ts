import {
  ownTarget,
  type Attempt,
  type ChatDelta,
  type Endpoint,
  type FinishReason,
  type Message,
} from '@turnpike/domain'
import { adapterFor, type Adapter, type EmbeddingsAdapter } from '@turnpike/providers'
import { anEndpoint, anOwnCredential } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { Scrapes } from '../alerts.fixture.ts'
import { NOTHING } from './answer.ts'
import { attemptOf } from './attempt.ts'
import type { Call } from './call.ts'
import { Progress } from './progress.ts'
import { aTarget } from '../connect/failover.fixture.ts'
import { warningsAbout } from './warnings.ts'
import { createGatewayMetrics } from '../metrics.ts'
import { Tally } from './tally.ts'
import { aCall, aRouteRequest } from './call.fixture.ts'

interface Exchange {
  readonly call: Call
  readonly endpoint: Partial<Endpoint>
  readonly adapter: Partial<Adapter>
  readonly isWhole: boolean
}

/** The usage warnings about an answer in these pieces, to 1,600 bytes of request. */
function usageWarnings(deltas: readonly ChatDelta[], changes: Partial<Exchange> = {}) {
  const { call = aCall(['sim/swift-8b']), endpoint = {}, adapter = {}, isWhole = true } = changes
  const tally = new Tally()
  for (const delta of deltas) tally.add(delta)
  const target = {
    ...aTarget('acorn/sim/swift-8b'),
    endpoint: { ...anEndpoint(), ...endpoint },
    adapter: { ...adapterFor('openai'), ...adapter },
  }
  const answer = { target, head: [], rest: NOTHING, sentBytes: 1_600 }
  return warningsAbout(new Progress(call), answer, tally, isWhole)
}

/** Two hundred bytes: fifty tokens or so. */
const CONTENT: ChatDelta = { text: 'A turnpike is a road on which a toll is paid. '.repeat(5).slice(0, 200) }
const end = (reason: FinishReason = 'stop'): ChatDelta => ({ finish: { reason, native: reason } })
const reported = (promptTokens: number, completionTokens: number, reasoningTokens?: number): ChatDelta => ({
  usage: { promptTokens, completionTokens, ...(reasoningTokens !== undefined && { reasoningTokens }) },
})

describe('an answer of text', () => {
  it('has no warning when it is counted as it was', () => {
    expect(usageWarnings([CONTENT, end(), reported(400, 50)])).toEqual([])
  })

  it.each<[string, readonly ChatDelta[], readonly string[]]>([
    ['is not counted', [], ['absent']],
    ['is counted by half', [{ usage: { completionTokens: 50 } }], ['absent']],
    ['is counted in texts', [{ usage: {}, usageInvalid: true }], ['invalid']],
    ['costs nothing', [reported(0, 0)], ['zero']],
    ['is counted less and less', [reported(400, 50), reported(400, 20)], ['shrunk']],
    ['is counted more and more', [reported(400, 10), reported(400, 50)], []],
    ['has ten times the prompt', [reported(4_000, 50)], ['prompt_high']],
    ['has ten times the completion', [reported(400, 500)], ['completion_high']],
  ])('that %s has a warning of that', (_, reports, expected) => {
    expect(usageWarnings([CONTENT, end(), ...reports])).toEqual(expected)
  })

  it('is measured in bytes, so that no script is held for another', () => {
    // Three bytes each, and up to three tokens where a tokenizer does not know the script.
    const burmese = { text: 'မြန်မာ'.repeat(30) }
    expect(usageWarnings([burmese, end(), reported(400, 540)])).toEqual([])
  })

  it('is measured with its refusal, its tool calls and the frames around them', () => {
    const calls = { toolCalls: [0, 1].map((index) => ({ index, id: `${index}`, name: 'weather', arguments: '{}' })) }
    expect(usageWarnings([calls, end('tool_calls'), reported(400, 200)])).toEqual([])
    expect(usageWarnings([calls, end('tool_calls'), reported(400, 300)])).toEqual(['completion_high'])
    expect(usageWarnings([{ refusal: 'No.'.repeat(100) }, end(), reported(400, 300)])).toEqual([])
  })
})

describe('there is no warning', () => {
  it('of what is still missing when the answer was not read to its end', () => {
    expect(usageWarnings([CONTENT, { usage: { completionTokens: 0 } }], { isWhole: false })).toEqual([])
    expect(usageWarnings([CONTENT, reported(4_000, 50)], { isWhole: false })).toEqual(['prompt_high'])
  })

  it('of what a filter kept back', () => {
    expect(usageWarnings([CONTENT, end('content_filter'), reported(400, 0)])).toEqual([])
    expect(usageWarnings([CONTENT, end('content_filter'), reported(400, 2_000)])).toEqual([])
  })

  it('of an answer that holds pictures or sounds, or a prompt that does', () => {
    const wire = { choices: [{ message: { content: 'Look:', images: [{ type: 'image_url' }] } }] }
    expect(usageWarnings([{ ...end(), text: 'Look:', wire }, reported(400, 1_300)])).toEqual([])
    const image = { kind: 'image', url: 'https://images.test/a.png' } as const
    const messages: Message[] = [{ role: 'user', content: [{ kind: 'text', text: 'What is it?' }, image] }]
    const call = aCall(['sim/swift-8b'], { conversation: { name: null, session: false, messages } })
    expect(usageWarnings([CONTENT, end(), reported(9_000, 50)], { call })).toEqual([])
  })
})

describe('thoughts', () => {
  const thinks = { supportedParameters: ['reasoning'], maxCompletionTokens: 8_000 }

  it('that are reported apart may be hidden, what is left of the count may not', () => {
    expect(usageWarnings([CONTENT, end(), reported(400, 5_050, 5_000)])).toEqual([])
    expect(usageWarnings([CONTENT, end(), reported(400, 10_050, 5_000)])).toEqual(['completion_high'])
  })

  it('that are not reported apart are believed as far as the request allows them', () => {
    expect(usageWarnings([CONTENT, end(), reported(400, 8_050)], { endpoint: thinks })).toEqual([])
    expect(usageWarnings([CONTENT, end(), reported(400, 80_500)], { endpoint: thinks })).toEqual(['completion_high'])
    const models = ['sim/swift-8b']
    const call = aCall(models, { routeRequest: aRouteRequest(models, { maxTokens: 100 }) })
    expect(usageWarnings([CONTENT, end(), reported(400, 500)], { call, endpoint: thinks })).toEqual(['completion_high'])
  })

  it('that were seen are taken for a sign of more', () => {
    const sealed: ChatDelta = { reasoning: [{ kind: 'encrypted', data: 'seal', format: 'anthropic-claude-v1' }] }
    expect(usageWarnings([sealed, CONTENT, end(), reported(400, 3_000)])).toEqual([])
  })

  it('hide nothing in a dialect that always reports them apart', () => {
    const seen = { endpoint: thinks, adapter: { reportsThinkingApart: true } }
    expect(usageWarnings([CONTENT, end(), reported(400, 500)], seen)).toEqual(['completion_high'])
  })
})

describe('vectors', () => {
  const call = aCall(['sim/embed'], { kind: 'embedding', conversation: null })

  it('have a prompt and nothing else', () => {
    expect(usageWarnings([end(), { usage: { promptTokens: 400 } }], { call })).toEqual([])
    expect(usageWarnings([end(), { usage: { promptTokens: 4_000 } }], { call })).toEqual(['prompt_high'])
    expect(usageWarnings([end()], { call })).toEqual(['absent'])
    const embeddings = { ...adapterFor('openai').embeddings, reportsUsage: false } as EmbeddingsAdapter
    expect(usageWarnings([end()], { call, adapter: { embeddings } })).toEqual([])
  })
})

describe('an operator', () => {
  const attempt = attemptOf(aTarget('acorn/sim/swift-8b'), aCall(['sim/swift-8b']), 0, 100, null)
  const own = { ...attempt, endpoint: ownTarget(anEndpoint().id, anOwnCredential().id) }

  it.each<[string, boolean, (minute: number) => readonly Attempt[]]>([
    ['whose usage is often implausible', true, () => [{ ...attempt, usageWarnings: ['absent', 'prompt_high'] }]],
    [
      'whose usage was so once',
      false,
      (minute) => (minute === 1 ? [{ ...attempt, usageWarnings: ['zero'] }] : [attempt]),
    ],
    ['that is a tenant’s own', false, () => [{ ...own, usageWarnings: ['completion_high'] }]],
    ['that is honest', false, () => [attempt]],
  ])('is alerted to a provider %s: %s', async (_, isAlerted, attemptsOf) => {
    const { registry, finished } = createGatewayMetrics(() => 0, { metrics: [] })
    const scrapes = new Scrapes()
    for (let minute = 0; minute <= 60; minute++) {
      finished({ kind: 'chat', status: 200, totalMs: 100, attempts: attemptsOf(minute) })
      await scrapes.take(minute * 60, registry)
    }
    const alerts = isAlerted ? ['TurnpikeUsageWarnings'] : []
    await scrapes.expectAlerts([{ after: 3_540, upTo: 3_600, alerts }], 'TurnpikeUsageWarnings')
  })
})
