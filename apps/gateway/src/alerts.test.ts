import { readFileSync } from 'node:fs'
import path from 'node:path'
import { checkKey, mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { describe, expect, it } from 'vitest'
import { readAlertRules } from './alerts.fixture.ts'
import { dice, Outage } from './stores/outage.fixture.ts'
import { parseExpression } from './promql.fixture.ts'

const FILE = path.resolve(import.meta.dirname, '../../../infra/prometheus/alerts.yaml')
const rules = readAlertRules(readFileSync(FILE, 'utf8'))

const KEYS_MAX = 300
const REQUESTS_PER_SECOND = 100
/** Until the first look-ups of all keys are forgotten by every range, and one second past a scrape, so that it is seen late. */
const WARM_SECONDS = 181
const FORGED_PER_SECOND = 3_000
/** From the trouble on. */
const WATCHED_SECONDS = 100

/** A gateway in calm use, and its load. */
async function inUse(): Promise<{ outage: Outage; load: () => void }> {
  const outage = new Outage(rules)
  const digests = Array.from({ length: KEYS_MAX }, (_, index) => outage.key(`key ${index}`))
  const random = dice()
  const load = () => {
    for (let request = 0; request < REQUESTS_PER_SECOND; request++) {
      const digest = digests[Math.floor(random() * digests.length)]
      if (digest) void outage.keys.lookup(digest)
    }
  }
  await outage.pass(WARM_SECONDS, load)
  return { outage, load }
}

/** What fires, and that it fires within a minute. */
async function fired(trouble: (outage: Outage) => void, each: (outage: Outage) => void = () => {}): Promise<string[]> {
  const { outage, load } = await inUse()
  trouble(outage)
  const alerts = await outage.pass(WATCHED_SECONDS, () => {
    load()
    each(outage)
  })
  for (const [name, second] of alerts) expect(second, name).toBeLessThanOrEqual(60)
  return [...alerts.keys()].toSorted()
}

/** A key of our form and checksum, signed by somebody else. */
function forge(): string {
  return mintKey(openKeySecrets(newSecretsText()), 'live').key
}

const ours = openKeySecrets(newSecretsText())

function flood(presented: () => string): (outage: Outage) => void {
  const { kind } = checkKey(ours, presented())
  if (kind === 'genuine') throw new Error('a flood of genuine keys is no attack')
  return ({ refusals }) => {
    for (let request = 0; request < FORGED_PER_SECOND; request++) refusals.count(kind)
  }
}

describe('within a minute', () => {
  it('nothing is said of a gateway in calm use, or of one that starts beside others', async () => {
    expect(await fired(() => undefined)).toEqual([])
    expect(await fired((outage) => outage.restart())).toEqual([])
  })

  it.each([
    ['forged', forge],
    ['malformed', () => 'tp_live_guess'],
  ])('an attack with %s keys is told as an attack and as nothing else', async (_, presented) => {
    expect(await fired(() => undefined, flood(presented))).toEqual(['TurnpikeKeyFlood'])
  })

  it('a cache that came back empty is told as that and not as an attack', async () => {
    expect(await fired((outage) => outage.flush())).toEqual(['TurnpikeKeyCacheFlushed'])
  })

  it('a gateway that starts beside an empty cache is told as that', async () => {
    const alerts = await fired((outage) => {
      outage.cached.clear()
      outage.restart()
    })
    expect(alerts).toEqual(['TurnpikeKeyCacheCold'])
  })

  it('an attack on a cold cache is told as both', async () => {
    const alerts = await fired((outage) => outage.flush(), flood(forge))
    expect(alerts).toEqual(['TurnpikeKeyCacheFlushed', 'TurnpikeKeyFlood'])
  })

  it('a slow Redis and one that refuses are told apart', async () => {
    expect(await fired((outage) => (outage.redis = 'slow'))).toEqual(['TurnpikeRedisSlow'])
    const refused = await fired((outage) => {
      outage.redis = 'refused'
      outage.heard.redis = false
    })
    expect(refused).toEqual(['TurnpikeRedisRefused'])
  })

  it('PostgreSQL away is told, and keys that go unanswered once there are any', async () => {
    const away = (outage: Outage) => {
      outage.postgres = 'down'
      outage.heard.postgres = false
    }
    expect(await fired(away)).toEqual(['TurnpikeKeysLiveOnCopies'])
    const unseen = (outage: Outage) => void outage.keys.lookup(outage.key('of another gateway'))
    expect(await fired(away, unseen)).toEqual(['TurnpikeKeysLiveOnCopies', 'TurnpikeKeysUnanswered'])
  })

  it('a gateway that hears of no revocation is told beside what keeps it from hearing', async () => {
    const alerts = await fired((outage) => {
      outage.redis = 'refused'
      outage.postgres = 'down'
      outage.heard.redis = false
      outage.heard.postgres = false
    })
    expect(alerts).toEqual(['TurnpikeKeyChannelsSilent', 'TurnpikeKeysLiveOnCopies', 'TurnpikeRedisRefused'])
  })

  it.each<[string, (outage: Outage) => void]>([
    ['TurnpikeKeyCacheInconsistent', ({ samples }) => samples.inconsistent.redis++],
    ['TurnpikePostgresWentBack', ({ samples }) => samples.postgresBehind++],
    ['TurnpikeForeignValuesInRedis', ({ samples }) => samples.redisWrong++],
    ['TurnpikeUnknownKeySecret', ({ refusals }) => refusals.count('unknown_secret')],
    ['TurnpikeSnapshotOld', (outage) => (outage.snapshotAgeSeconds = 301)],
  ])('%s is told of the first time', async (name, happens) => {
    expect(await fired(happens)).toEqual([name])
  })
})

it('one lost channel is told after two minutes, and no sooner', async () => {
  const { outage, load } = await inUse()
  outage.heard.redis = false
  const alerts = await outage.pass(200, load)
  expect([...alerts.keys()]).toEqual(['TurnpikeKeyChannelLost'])
  expect(alerts.get('TurnpikeKeyChannelLost')).toBeGreaterThan(120)
})

it('every rule over keys has a case here', () => {
  const own = readFileSync(import.meta.filename, 'utf8')
  const keyed = rules.map(({ name }) => name).filter((name) => /Key|Redis|Postgres|Snapshot/.test(name))
  expect(keyed.length).toBeGreaterThan(10)
  expect(keyed.filter((name) => !own.includes(`'${name}'`))).toEqual([])
})

it.each(['a + b', 'avg(a)', 'a{b!~"c"}', 'max_over_time(a[1m])', 'a > on (b) c', 'a or b', 'a ==', '{a="b"}'])(
  'an expression that is not understood is refused: %s',
  (text) => {
    expect(() => parseExpression(text)).toThrow(/known here|understood|expected|no name/)
  },
)
