import { readFileSync } from 'node:fs'
import { checkKey, mintKey, newSecretsText, openKeySecrets } from '@turnpike/store'
import { describe, expect, it } from 'vitest'
import { ALERT_NAMES, ALERTS_FILE } from '../src/alerts.fixture.ts'
import { promtool } from '../src/promtool.fixture.ts'
import { dice, Outage } from '../src/stores/outage.fixture.ts'

const KEYS_MAX = 300
const REQUESTS_PER_SECOND = 100
/** Until the first look-ups of all keys are forgotten by every range, and one second past a scrape, so that it is seen late. */
const WARM_SECONDS = 182
const FORGED_PER_SECOND = 3_000
/** From the trouble on. */
const WATCHED_SECONDS = 100

/** A gateway in calm use, and its load. */
async function inUse(): Promise<{ outage: Outage; load: () => void }> {
  const outage = new Outage()
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

/** Rejects unless exactly these alerts fire, within a minute of the trouble, and no other later. */
async function expectAlerts(
  alerts: readonly string[],
  trouble: (outage: Outage) => void,
  each: (outage: Outage) => void = () => {},
): Promise<void> {
  const { outage, load } = await inUse()
  const began = outage.second
  trouble(outage)
  await outage.pass(WATCHED_SECONDS, () => {
    load()
    each(outage)
  })
  await outage.scrapes.expectAlerts([
    { after: began, upTo: began + 60, alerts },
    { after: began, upTo: began + WATCHED_SECONDS, alerts },
  ])
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
  it('no alert fires for a gateway in calm use, or for one that starts beside others', async () => {
    await expectAlerts([], () => undefined)
    await expectAlerts([], (outage) => outage.restart())
  })

  it.each([
    ['forged', forge],
    ['malformed', () => 'tp_live_guess'],
  ])('an attack with %s keys raises the alert of an attack and no other', async (_, presented) => {
    await expectAlerts(['TurnpikeKeyFlood'], () => undefined, flood(presented))
  })

  it('a cache that came back empty raises an alert of its own and not that of an attack', async () => {
    await expectAlerts(['TurnpikeKeyCacheFlushed'], (outage) => outage.flush())
  })

  it('a gateway that starts beside an empty cache raises an alert of its own', async () => {
    await expectAlerts(['TurnpikeKeyCacheCold'], (outage) => {
      outage.cached.clear()
      outage.restart()
    })
  })

  it('an attack on a cold cache raises both alerts', async () => {
    await expectAlerts(['TurnpikeKeyCacheFlushed', 'TurnpikeKeyFlood'], (outage) => outage.flush(), flood(forge))
  })

  it('a slow Redis and one that refuses raise different alerts', async () => {
    await expectAlerts(['TurnpikeRedisSlow'], (outage) => (outage.redis = 'slow'))
    await expectAlerts(['TurnpikeRedisRefused'], (outage) => {
      outage.redis = 'refused'
      outage.channels.redis = false
    })
  })

  it('PostgreSQL away raises an alert, and keys that go unanswered another one once there are any', async () => {
    const away = (outage: Outage) => {
      outage.postgres = 'down'
      outage.channels.postgres = false
    }
    await expectAlerts(['TurnpikeKeysLiveOnCopies'], away)
    const unseen = (outage: Outage) => void outage.keys.lookup(outage.key('of another gateway'))
    await expectAlerts(['TurnpikeKeysLiveOnCopies', 'TurnpikeKeysUnanswered'], away, unseen)
  })

  it('a gateway that receives no revocations raises an alert beside those of the stores that are away', async () => {
    const alerts = ['TurnpikeKeyChannelsSilent', 'TurnpikeKeysLiveOnCopies', 'TurnpikeRedisRefused']
    await expectAlerts(alerts, (outage) => {
      outage.redis = 'refused'
      outage.postgres = 'down'
      outage.channels.redis = false
      outage.channels.postgres = false
    })
  })

  it.each<[string, (outage: Outage) => void]>([
    ['TurnpikeKeyCacheInconsistent', ({ samples }) => samples.inconsistent.redis++],
    ['TurnpikePostgresWentBack', ({ samples }) => samples.postgresBehind++],
    ['TurnpikeForeignValuesInRedis', ({ samples }) => samples.redisWrong++],
    ['TurnpikeUnknownKeySecret', ({ refusals }) => refusals.count('unknown_secret')],
    ['TurnpikeSnapshotOld', (outage) => (outage.snapshotAgeSeconds = 301)],
  ])('%s fires the first time', async (name, happens) => {
    await expectAlerts([name], happens)
  })
})

it('one lost channel raises an alert after two minutes, and no sooner', async () => {
  const { outage, load } = await inUse()
  const began = outage.second
  outage.channels.redis = false
  await outage.pass(200, load)
  await outage.scrapes.expectAlerts([
    { after: began, upTo: began + 120, alerts: [] },
    { after: began, upTo: began + 200, alerts: ['TurnpikeKeyChannelLost'] },
  ])
})

it('every rule over keys has a case here', () => {
  const own = readFileSync(import.meta.filename, 'utf8')
  const keyed = ALERT_NAMES.filter((name) => /Key|Redis|Postgres|Snapshot/.test(name))
  expect(keyed.length).toBeGreaterThan(10)
  expect(keyed.filter((name) => !own.includes(`'${name}'`))).toEqual([])
})

it('the rules are ones that Prometheus takes', () => promtool('check', 'rules', ALERTS_FILE))
