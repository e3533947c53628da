import type { ServerResponse } from 'node:http'
import { DIALECTS } from '@turnpike/domain/lists'
import { z } from 'zod'
import { readChange, sentenceOf } from './behaviour.ts'
import { answerJson, answerProblem, type Desk, type Visit } from './desk.ts'
import { ENTRIES_MAX } from './log.ts'
import { OUTAGES, PROVIDER_NAME, type Outage, type World } from './world.ts'

/** The admin API of tests and demonstrations; see the README above `src`. */
export function adminDesk(world: World): Desk {
  const doors: Readonly<Record<string, (visit: Visit, response: ServerResponse) => boolean>> = {
    'GET /admin/state': (_, response) => answerJson(response, world.state()),
    'GET /admin/log': ({ query }, response) => answerLog(world, query, response),
    'DELETE /admin/log': (_, response) => done(response, () => world.log.clear()),
    'DELETE /admin/cache': (_, response) => done(response, () => world.prefixes.clear()),
    'PUT /admin/behaviour': ({ body }, response) => setBehaviour(world, body, response),
    'DELETE /admin/behaviour': ({ query }, response) =>
      done(response, () => world.resetBehaviour(query.get('provider') ?? undefined, query.get('model') ?? '*')),
    'PUT /admin/down': ({ body }, response) => setDown(world, body, response),
    'DELETE /admin/down': ({ query }, response) => done(response, () => world.lift(query.get('provider'))),
    'PUT /admin/providers': ({ body }, response) => register(world, body, response),
    'DELETE /admin/providers': ({ query }, response) => done(response, () => world.unregister(query.get('name') ?? '')),
  }
  return (visit, response) => doors[`${visit.method} ${visit.path}`]?.(visit, response) ?? false
}

function done(response: ServerResponse, act: () => void): true {
  act()
  return answerJson(response, { ok: true })
}

function answerLog(world: World, query: URLSearchParams, response: ServerResponse): true {
  const since = Number(query.get('since') ?? 0)
  const limit = Number(query.get('limit') ?? ENTRIES_MAX)
  if (!Number.isSafeInteger(since) || !Number.isSafeInteger(limit))
    return answerProblem(response, 'since and limit are whole numbers.')
  return answerJson(response, world.log.since(since, limit))
}

const Scope = z.looseObject({ provider: z.string().default('*'), model: z.string().default('*') })

function setBehaviour(world: World, body: string, response: ServerResponse): true {
  const read = Scope.safeParse(json(body))
  if (!read.success)
    return answerProblem(response, 'Say it in JSON: {"provider": "acorn", "model": "*", "firstTokenMs": 20}.')
  const { provider, model, ...rest } = read.data
  if (provider !== '*' && !world.providers.has(provider)) return unknown(response, provider)
  const change = readChange(rest)
  if (typeof change === 'string') return answerProblem(response, change)
  if (!world.setBehaviour(provider, model, change))
    return answerProblem(response, 'Too many settings are kept already; reset some.')
  return answerJson(response, { ok: true, behaviours: world.behaviours.all() })
}

const OUTAGE_NAMES = Object.keys(OUTAGES) as [Outage, ...Outage[]]
const OUTAGES_QUOTED = OUTAGE_NAMES.map((name) => `"${name}"`).join(' | ')
const Down = z.strictObject({ provider: z.string(), how: z.enum(OUTAGE_NAMES).nullable() })

function setDown(world: World, body: string, response: ServerResponse): true {
  const read = Down.safeParse(json(body))
  if (!read.success)
    return answerProblem(response, `Say it in JSON: {"provider": "acorn", "how": ${OUTAGES_QUOTED} | null}.`)
  const { provider, how } = read.data
  if (!world.providers.has(provider)) return unknown(response, provider)
  if (how === null) world.lift(provider)
  else world.down.set(provider, how)
  return answerJson(response, { ok: true, down: Object.fromEntries(world.down) })
}

const Registration = z.strictObject({
  name: z.string().regex(PROVIDER_NAME),
  dialect: z.enum(DIALECTS),
  firstTokenMs: z.number().min(0).default(300),
  tokensPerSecond: z.number().positive().default(80),
})

function register(world: World, body: string, response: ServerResponse): true {
  const read = Registration.safeParse(json(body))
  if (!read.success) return answerProblem(response, sentenceOf(read.error))
  if (!world.register(read.data)) return answerProblem(response, 'Too many providers are registered already.')
  return answerJson(response, { ok: true, providers: [...world.providers.values()] })
}

function unknown(response: ServerResponse, provider: string): true {
  return answerProblem(response, `There is no provider "${provider}"; register it with PUT /admin/providers.`, 404)
}

/** Undefined for what is not JSON, which every schema above refuses. */
function json(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}
