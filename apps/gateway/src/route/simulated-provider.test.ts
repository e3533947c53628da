import { route, shownName, type Caller, type ModelSlug, type ProviderSlug } from '@turnpike/domain'
import { aCaller, aCatalogue, anEndpoint, aProvider } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { gatewayConfig } from '../config.ts'
import { OwnSecrets } from '../targets/byok-secrets.ts'
import { withByok } from '../targets/byok-target.ts'
import { anOwnCredential, OWN_SECRET, someKeks } from '../targets/byok.fixture.ts'
import { headersTo, targetDirectory, type Target } from '../targets/target.ts'

const SIMULATOR = 'http://127.0.0.1:9'
const GPT = 'openai/gpt-4o-mini'
const CLAUDE = 'anthropic/claude-sonnet-4.5'
/** Both are simulated by their rows; the third is real, and the operator has an account there. */
const catalogue = aCatalogue(
  [
    anEndpoint('acorn', 'sim/swift-8b'),
    anEndpoint('openai', GPT),
    anEndpoint('azure', GPT),
    anEndpoint('azure', CLAUDE),
    anEndpoint('anthropic', CLAUDE),
  ],
  {
    providers: [
      aProvider('openai', { name: 'OpenAI', baseUrl: 'https://api.openai.com/v1' }),
      aProvider('azure', { name: 'Azure', baseUrl: '' }),
      aProvider('anthropic', { name: 'Anthropic', simulated: false, dialect: 'anthropic' }),
    ],
  },
)
const keks = someKeks()
const secrets = new OwnSecrets({ keks, onUnopened: () => undefined })
const configWith = (environment: Readonly<Record<string, string>>) =>
  gatewayConfig({
    ...{ DATABASE_URL: 'postgres://unused', KEY_SECRETS: 'unused', JOURNAL_DIR: 'unused' },
    ...{ OPENAI_API_KEY: 'of the operator', ANTHROPIC_API_KEY: 'of the operator', ...environment },
  })
const directory = targetDirectory(catalogue, configWith({ SIMULATOR_URL: SIMULATOR }))

/** Whom the router would have asked, one after the other. */
function targetsOf(caller: Caller, model: string): Target[] {
  const request = { models: [model as ModelSlug], promptTokens: 1, maxTokens: null, parameters: [], preferences: {} }
  const snapshot = { catalogue, reachable: directory.reachable, health: new Map(), wallMs: 0, warm: null }
  const { targets, fallbacks } = route(request, caller, snapshot, 0, 0.5)
  const { target } = withByok(directory, caller, { secrets, simulatorUrl: SIMULATOR })
  return [...targets, ...fallbacks].map((id) => target(id))
}

function bringing(boundTo: string, changes: Partial<Caller> = {}): Caller {
  const caller = aCaller(changes)
  const credential = anOwnCredential(caller.tenantId, keks, { provider: 'openai' as ProviderSlug, boundTo })
  return { ...caller, own: { credentials: [credential], endpoints: [] } }
}

const placesOf = (targets: readonly Target[]) => targets.map(({ baseUrl }) => baseUrl).toSorted()

describe('a provider that the simulator stands in for', () => {
  it('is answered for at the simulator, and shown as simulated', () => {
    const targets = targetsOf(aCaller(), GPT)
    expect(placesOf(targets)).toEqual([`${SIMULATOR}/azure/v1`, `${SIMULATOR}/openai/v1`])
    expect(targets.map(({ provider }) => shownName(provider)).toSorted()).toEqual([
      'Azure (simulated)',
      'OpenAI (simulated)',
    ])
    const scripted = { id: 'a request', simulation: { 'x-sim-instant': '1' } }
    for (const target of targets) expect(headersTo(target, {}, scripted)).toHaveProperty('x-sim-instant')
  })

  it('has a row that decides: the operator’s account there is not used, and without a simulator no target is left', () => {
    for (const target of targetsOf(aCaller({ funds: 'operator' }), GPT)) expect(target.secret()).toBe('simulated')
    expect([...targetDirectory(catalogue, configWith({})).reachable]).toEqual(['anthropic'])
  })

  it('is nobody’s answer in place of a real one', () => {
    expect(placesOf(targetsOf(aCaller(), CLAUDE))).toEqual(['https://anthropic.example/v1'])
    expect(placesOf(targetsOf(aCaller({ funds: 'simulated' }), CLAUDE))).toEqual([`${SIMULATOR}/azure/v1`])
  })
})

it('a tenant’s own key for a simulated provider goes to the provider, never to the simulator', () => {
  for (const funds of ['credit', 'operator', 'simulated'] as const) {
    const targets = targetsOf(bringing('https://api.openai.com', { funds }), GPT)
    expect(placesOf(targets)).toEqual(['https://api.openai.com/v1'])
    for (const target of targets) {
      expect([target.secret(), shownName(target.provider)]).toEqual([OWN_SECRET, 'OpenAI'])
      expect(headersTo(target, {}, { id: 'a request', simulation: { 'x-sim-instant': '1' } })).toEqual({})
    }
  }
  const elsewhere = targetsOf(bringing('simulated'), GPT)
  expect(placesOf(elsewhere)).toEqual([`${SIMULATOR}/azure/v1`, `${SIMULATOR}/openai/v1`])
  for (const target of elsewhere) expect(target.secret()).toBe('simulated')
})

it('play money and test keys never reach a real address', () => {
  const callers = [
    aCaller({ funds: 'simulated' }),
    aCaller({ kind: 'test' }),
    aCaller({ kind: 'test', funds: 'operator' }),
    bringing('https://api.openai.com', { kind: 'test' }),
  ]
  for (const caller of callers) {
    for (const model of catalogue.models.keys()) {
      const targets = targetsOf(caller, model)
      expect(targets.length).toBeGreaterThan(0)
      for (const { baseUrl, secret } of targets) {
        expect(baseUrl.startsWith(`${SIMULATOR}/`)).toBe(true)
        expect(secret()).toBe('simulated')
      }
    }
  }
})
