import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { readRepository } from './tidy.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

/** Where each service of the compose file reads its settings. */
const CONFIGS = {
  migrate: 'infra/migrate/config.ts',
  gateway: 'apps/gateway/src/config.ts',
  control: 'apps/control/src/config.ts',
  worker: 'apps/worker/src/config.ts',
}

it.each(Object.entries(CONFIGS))('the compose file sets only what %s reads', (service, config) => {
  const known = namesIn(read(config), /^ {2}([A-Z][A-Z_]+):/gm)
  const given = namesIn(sectionOf(read('infra/compose.yaml'), service), /^ {6}([A-Z][A-Z_]+):/gm)
  expect(given.length).toBeGreaterThan(3)
  expect(given.filter((name) => !known.includes(name))).toEqual([])
})

/** PostgreSQL's versions have two parts. A digest may follow. */
const WHOLE_VERSION = /^(?:postgres:\d+\.\d+|[\w./-]+:v?\d+\.\d+\.\d+)(?:-[a-z-]+)?(?:@sha256:[0-9a-f]{64})?$/

it('images are named by their whole version, so that a release stays what was tried', () => {
  const named = [
    ...namesIn(read('infra/compose.yaml'), /^ {2,4}image: (\S+)$/gm),
    ...namesIn(read('infra/Dockerfile'), /^FROM (\S+)/gm).filter((name) => name.includes(':')),
  ]
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !WHOLE_VERSION.test(name))).toEqual([])
})

it('Redis asks for a password, which every client of it has, and pushes out only what has a time to live', () => {
  const compose = read('infra/compose.yaml')
  const redis = sectionOf(compose, 'redis')
  expect(redis).toMatch(/--requirepass,\s+'\$\{REDIS_PASSWORD:\?/)
  expect(redis).toMatch(/--maxmemory-policy,\s+volatile-lru,/)
  const urls = namesIn(compose, /REDIS_URL: (\S+)/g)
  expect(urls).toHaveLength(2)
  expect(urls.filter((url) => !url.startsWith('redis://:${REDIS_PASSWORD:?'))).toEqual([])
})

it('publishes ports on loopback only, and those of operations and stores not at all', () => {
  const compose = read('infra/compose.yaml')
  const published = namesIn(compose, /ports: \[(.*)\]/g).flatMap((list) => namesIn(list, /'([^']+)'/g))
  expect(published).toEqual(['127.0.0.1:8787:8787', '127.0.0.1:8788:8788', '127.0.0.1:8025:8025'])
  for (const service of ['gateway', 'control', 'worker']) {
    const section = sectionOf(compose, service)
    const [port = 'none'] = namesIn(section, /OPS_PORT: '(\d+)'/g)
    expect(section).toContain(`127.0.0.1:${port}/readyz`)
  }
})

it('the image holds no simulator, no mailbox and no standalone product, and is not run as root', () => {
  const image = read('infra/Dockerfile')
  const [last = ''] = image.split(/^FROM /m).slice(-1)
  expect(namesIn(last, /dist\/(\w+) /g)).toEqual(['gateway', 'control', 'worker', 'migrate', 'console'])
  expect(last).toMatch(/^USER node$/m)
})

it('alerts name only metrics that some process has', () => {
  const code = readRepository(ROOT).filter(({ file, isTest }) => /^(?:apps|libs)\/.*\.ts$/.test(file) && !isTest)
  const known = new Set(code.flatMap(({ text }) => namesIn(text, /'(turnpike_\w+)'/g)))
  const named = namesIn(read('infra/prometheus/alerts.yaml'), /\b(turnpike_\w+)/g)
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

/** The lines of one service: from its name to the next at the same depth. */
function sectionOf(compose: string, service: string): string {
  return new RegExp(`^ {2}${service}:\\n((?: {3,}.*\\n|\\n)+)`, 'm').exec(compose)?.[1] ?? ''
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}
