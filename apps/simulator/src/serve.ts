import { type Behaviour, overridesIn } from './behaviour.ts'
import { type About, Complaint, invalid, type Dialect, type Route, type Trouble } from './dialect.ts'
import type { Dice } from './dice.ts'
import type { Exchange } from './exchange.ts'
import { type Fault, withFalseUsage } from './faults.ts'
import { MODELS_LISTED, type Provider } from './fleet.ts'
import { type Fields, isFields, textOf } from './json.ts'
import { paceOf, untilComplete } from './pace.ts'
import { promptTokens } from './prompt.ts'
import { type Accepted, failedAtStart, JSON_BODY, STALL_MS_MAX, respondStreamed, respondWhole } from './respond.ts'
import { scriptFor } from './story.ts'
import { BAD_CREDENTIAL, NO_CREDENTIAL, NO_SUCH_PATH, NOT_JSON, tooLong, TOO_LARGE, TROUBLES } from './trouble.ts'
import type { World } from './world.ts'

interface Call {
  readonly world: World
  readonly exchange: Exchange
  readonly provider: Provider
  readonly dialect: Dialect
  /** Below the provider's prefix. */
  readonly path: string
  readonly query: string
  /** Null when it was larger than we read. */
  readonly body: string | null
}

/** Answers one call as its provider would, or fails as configured. */
export async function serve(call: Call): Promise<void> {
  const { world, exchange, provider, dialect } = call
  const overrides = overridesIn(exchange.request.headers)
  const route = dialect.route(exchange.request.method ?? 'GET', call.path)
  const body = parsed(call.body)
  const model = route?.model ?? textOf(body?.['model'])
  const behaviour = world.behaviour(provider, model, typeof overrides === 'string' ? null : overrides)
  const roll = world.dice(provider, behaviour.seed)
  const faults = faultsFor(behaviour, roll)
  const about = aboutOf(exchange, model, route, behaviour)
  exchange.entry.model = model
  exchange.entry.faults = [...faults]
  if (await struckEarly(call, faults, about)) return
  try {
    if (typeof overrides === 'string') throw invalid(overrides)
    if (!route) throw new Complaint(NO_SUCH_PATH)
    checkCredential(call)
    dialect.checkHeaders?.(exchange.request.headers)
    await answer({ ...call, route, fields: body, about, behaviour, faults, roll })
  } catch (error) {
    if (!(error instanceof Complaint)) throw error
    refuse(call, error.trouble, about)
  }
}

function parsed(body: string | null): Fields | null {
  if (body === null || body === '') return null
  try {
    const value: unknown = JSON.parse(body)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}

function faultsFor(behaviour: Behaviour, roll: Dice): Set<Fault> {
  const faults = new Set(behaviour.faults)
  if (behaviour.errorRate > 0 && roll() < behaviour.errorRate) faults.add(behaviour.errorFault)
  return faults
}

function aboutOf(exchange: Exchange, model: string, route: Route | null, behaviour: Behaviour): About {
  return {
    seq: exchange.entry.seq,
    model,
    createdS: Math.floor(exchange.entry.at / 1000),
    stream: route?.stream === true,
    usageInStream: true,
    showsThoughts: true,
    retryAfterSeconds: behaviour.retryAfterSeconds,
  }
}

/** Faults that need nothing of the request: they strike before the credential is even looked at. */
async function struckEarly(call: Call, faults: ReadonlySet<Fault>, about: About): Promise<boolean> {
  if (faults.size === 0) return false
  const { exchange } = call
  if (faults.has('refuse')) exchange.cut()
  else if (faults.has('reset')) exchange.reset()
  else if (faults.has('stall_before_headers')) {
    await exchange.wait(STALL_MS_MAX)
    exchange.cut()
  } else {
    const status = [...faults].find((fault) => fault in TROUBLES)
    if (status === undefined) return false
    refuse(call, TROUBLES[status as keyof typeof TROUBLES], about)
  }
  return true
}

function checkCredential({ dialect, exchange, query }: Call): void {
  const credential = dialect.credential(exchange.request.headers, new URLSearchParams(query))
  if (credential === '') throw new Complaint(NO_CREDENTIAL)
  if (REFUSED.test(credential)) throw new Complaint(BAD_CREDENTIAL)
}

/** A credential that every simulated provider refuses, so that a refusal can be tried out. */
const REFUSED = /^refuse|invalid/

function refuse({ exchange, dialect }: Call, trouble: Trouble, about: About): void {
  const { status, headers, body } = dialect.complain(trouble, about)
  exchange.send(status, { ...JSON_BODY, ...headers }, body, 0)
}

interface AcceptedCall extends Call, Accepted {
  readonly exchange: Exchange
  readonly dialect: Dialect
  readonly route: Route
  readonly fields: Fields | null
}

async function answer(call: AcceptedCall): Promise<void> {
  const { exchange, dialect, route, fields, about } = call
  if (route.kind === 'models') return sendJson(call, dialect.models(MODELS_LISTED, new URLSearchParams(call.query)))
  if (call.body === null) throw new Complaint(TOO_LARGE)
  if (!fields) throw new Complaint(NOT_JSON)
  if (route.kind !== 'embeddings') return answerPrompt(call, fields)
  const embedded = dialect.embeddings(fields, about)
  exchange.entry.tokensIn = embedded.tokens
  await untilComplete(1, exchange, paceOf(call.behaviour, call.roll))
  if (!exchange.closed && !(await failedAtStart(call, JSON_BODY))) sendJson(call, embedded.body)
}

function sendJson({ exchange, dialect, about }: AcceptedCall, body: string): void {
  exchange.send(200, { ...JSON_BODY, ...dialect.headers(about) }, body, 0)
}

async function answerPrompt(call: AcceptedCall, fields: Fields): Promise<void> {
  const { exchange, dialect, provider, route, behaviour } = call
  const { entry } = exchange
  const prompt = dialect.read(fields, route)
  entry.tokensIn = promptTokens(prompt)
  entry.stream = prompt.stream
  const { contextTokensMax } = behaviour
  if (entry.tokensIn > contextTokensMax) throw new Complaint(tooLong(entry.tokensIn, contextTokensMax))
  if (route.kind === 'count') return sendJson(call, dialect.count(entry.tokensIn))
  const cache = call.world.prefixes.touch(provider.name, prompt, behaviour.cacheTokensMin)
  const script = withFalseUsage(scriptFor(prompt, cache, behaviour.tokens), call.faults)
  entry.tokensCached = script.usage.cached
  entry.tokensOut = script.usage.completion
  entry.tokensReasoning = script.usage.reasoning
  const { showsThoughts } = prompt
  const usageInStream = prompt.usageInStream || provider.tellsUsage === true
  const about = { ...call.about, usageInStream, showsThoughts }
  await (prompt.stream ? respondStreamed : respondWhole)({ ...call, about }, script)
}
