import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import allowed from './tidy.allow.json' with { type: 'json' }
import { offences, RULES, type Rule } from './tidy-rules.ts'
import { againstAllowance, tooLong } from './tidy-size.ts'
import { readRepository, sourceOf } from './tidy.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const sources = readRepository(ROOT)
const rules = Object.entries<Rule>(RULES)

/** Parsed outside of tests, so that the first one is not held to the time of all. */
beforeAll(() => void sources.map(({ tree }) => tree))

/** Words that may not stand in this file either. */
const LATER = ['TO', 'DO'].join('')
const TICKET = ['issue', '#12'].join(' ')
const FOLDER = ['', 'home', 'me', 'key.pem'].join('/')

/** One file per rule that breaks it, so that a rule that has gone blind is noticed. */
const OFFENDERS: Record<keyof typeof RULES, readonly (readonly [file: string, text: string])[]> = {
  'uses no forwardRef: a cycle is a fault of the plan, not something to bridge': [
    ['apps/gateway/src/gateway.module.ts', 'const key = Inject(forwardRef(() => Keys))'],
  ],
  'names no interface after its kind': [['libs/store/src/keys/keys.ts', 'export interface IKeys {}']],
  'names nothing Utils, Helper, Manager, Service or Impl': [
    ['libs/store/src/keys/keys.ts', 'export class KeyService {}'],
    ['libs/store/src/keys/keys.ts', 'const dateUtils = {}'],
    ['libs/store/src/keys/keys.ts', 'function keyHelper() {}'],
  ],
  'never re-exports everything': [
    ['libs/store/src/index.ts', `export * from './keys.ts'`],
    ['libs/store/src/index.ts', `export * as keys from './keys.ts'`],
  ],
  'never says any': [
    ['libs/store/src/keys/keys.ts', 'const row = read() as any'],
    ['libs/store/src/keys/keys.ts', 'function read(row: any) {}'],
    ['libs/store/src/keys/keys.ts', 'const rows: Array<any> = []'],
  ],
  'leaves no note to do it later': [
    ['libs/store/src/keys/keys.ts', `// ${LATER}: index`],
    ['docs/guide.md', `${LATER} write this`],
  ],
  'reads the environment in the config of each process only': [
    ['apps/gateway/src/serve.ts', 'const url = process.env.REDIS_URL'],
    ['libs/store/src/connections/pools.ts', `const url = process['env'].DATABASE_URL`],
  ],
  'logs through pino, never to the console': [['apps/worker/src/mail.ts', `console.info('sent')`]],
  'runs every test, always': [
    ['libs/domain/src/key.test.ts', `it.only('reads a key', () => {})`],
    ['apps/gateway/test/chat.e2e.test.ts', `describe.skip('chat', () => {})`],
  ],
  'waits for events, never sleeps in a test': [
    ['libs/store/src/health/minutes.db.test.ts', 'await new Promise((resolve) => setTimeout(resolve, 50))'],
    ['libs/store/src/health/minutes.db.test.ts', 'await new Promise<void>((done) => { setTimeout(() => done(), 50) })'],
    ['libs/store/src/health/minutes.db.test.ts', `import { setTimeout as pause } from 'node:timers/promises'`],
    ['apps/console/e2e/keys.spec.ts', 'await page.waitForTimeout(500)'],
  ],
  'keeps clock, dice and the outside out of the domain': [
    ['libs/domain/src/health/health.ts', 'const now = Date.now()'],
    ['libs/domain/src/route/route.ts', 'const dice = Math.random()'],
    ['libs/domain/src/key.ts', 'export async function read() { await 0 }'],
    ['libs/domain/src/ids.ts', 'const day = new Date()'],
  ],
  'names no folder of a single machine': [
    ['libs/server/src/tls.ts', `const key = '${FOLDER}'`],
    ['CONTRIBUTING.md', `Put it in ${FOLDER}.`],
  ],
  'speaks of the product alone': [['libs/store/src/keys/keys.ts', `// see ${TICKET}`]],
  'names nothing by a word of our own where the field has one': [
    'const barren = 1',
    'const besideId = 1',
    'class Course {}',
    'const usageDoubts = 1',
    'const entrance = 1',
    'class Cache { readonly #flights = 1 }',
    'function makeDo() {}',
    'function bringHome() {}',
    'const own_means = 1',
    'const shelf = 1',
    'const STAND_INS = 1',
    'const hasStandIn = 1',
    'function survey() {}',
    'class WaitingRoom {}',
    'type WayOut = 1',
    'const crossroads = 1',
    'const house = 1',
    'function hum() {}',
    'const LINGER_MS_MAX = 1',
    'const told = 1',
    'let heardMs = 1',
    'function hears() {}',
  ].map((text) => ['libs/store/src/keys/keys.ts', text] as const),
  'uses no word of our own where the field has one': [
    ['libs/store/src/keys/keys.ts', '// The house pays.'],
    ['libs/store/src/keys/keys.ts', `it('flags doubtful usage', () => {})`],
    ['libs/store/src/keys/keys.ts', '// What the tenant brings along.'],
    ['libs/store/src/keys/keys.ts', '// Whoever is first brings home the rest.'],
    ['libs/store/src/keys/keys.ts', '// It makes do with the copy on the shelf.'],
    ['docs/byok.md', 'A stand-in answers.'],
    ['docs/byok.md', 'Two ways out: guarded and open.'],
    ['docs/byok.md', 'Requests stand in the waiting room.'],
    ['docs/byok.md', 'The stream hums, then lingers.'],
    ['libs/store/src/keys/keys.ts', `it('is told to every node', () => {})`],
    ['libs/store/src/keys/keys.ts', '// Whatever it heard.'],
    ['docs/byok.md', 'A gateway hears of it.'],
    ['docs/byok.md', 'From the entrance to the crossroads.'],
    ['docs/byok.md', 'Two policies are barren together.'],
    ['prisma/migrations/0_init/functions.sql', 'SELECT own_means()'],
  ],
}

describe('the repository', () => {
  for (const [promise, rule] of rules) {
    it(promise, () => {
      expect(sources.flatMap((source) => offences(rule, source))).toEqual([])
    })
  }

  it('keeps files and functions short, and the list of exceptions shrinking', () => {
    expect(againstAllowance(tooLong(sources), allowed)).toEqual([])
  })

  it('names files by what they hold, and has one index per lib', () => {
    const misnamed = /(?:^|[-/])(?:utils?|helpers?|manager|service|impl)\.tsx?$/
    const index = /(?:^|\/)index\.tsx?$/
    const INDEX = /^libs\/[^/]+\/src\/index\.ts$/
    const files = sources.map((source) => source.file)
    expect(files.filter((file) => misnamed.test(file) || (index.test(file) && !INDEX.test(file)))).toEqual([])
  })

  it('locks packages by digest, not by the address of one registry', () => {
    const lines = readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8').split('\n')
    const addresses = lines.flatMap((line, index) =>
      /"resolved":/.test(line) ? [`package-lock.json:${index + 1}`] : [],
    )
    expect(addresses).toEqual([])
  })

  it('is looked at whole', () => {
    const files = sources.map((source) => source.file)
    expect(files).toContain('libs/domain/src/route/route.ts')
    expect(files).toContain('prisma/schema.prisma')
    expect(files.filter((file) => /node_modules|generated/.test(file))).toEqual([])
  })
})

describe('a tidy rule', () => {
  for (const [promise, rule] of rules) {
    it(`catches what it forbids: ${promise}`, () => {
      for (const [file, text] of OFFENDERS[promise as keyof typeof RULES]) {
        expect([text, offences(rule, sourceOf(file, `\n${text}\n`))]).toEqual([text, [`${file}:2  ${text}`]])
      }
    })
  }

  it('leaves alone what only looks alike', () => {
    const innocent = [
      ['apps/gateway/src/config.ts', 'export const environment = process.env'],
      ['apps/bench/src/print.ts', `console.info('done')`],
      ['apps/gateway/src/serve.ts', `const role = 'assistant'; const many: unknown = service; import.meta.env`],
      ['apps/gateway/src/drain.ts', 'await new Promise((resolve) => setTimeout(resolve, 50))'],
      ['libs/store/src/a.test.ts', 'await new Promise((_, reject) => setTimeout(reject, 50))'],
      ['apps/console/src/app.tsx', `const home = <Link to="/home" />; const page = '/usage/tmp'`],
      ['libs/domain/src/ids.ts', 'const day = new Date(beganAtMs)'],
      ['infra/Dockerfile', `COPY me ${FOLDER}`],
      [
        'libs/domain/src/ids.ts',
        'const human = threshold(discourse, besides) // Of course, a provider beside another; a survey.',
      ],
    ] as const
    for (const [file, text] of innocent) {
      expect(rules.flatMap(([, rule]) => offences(rule, sourceOf(file, text)))).toEqual([])
    }
  })

  it('measures a function without its comment and names it by its holder', () => {
    const long = `/** Why. */\nexport const serve = () => {\n${'  step()\n'.repeat(59)}}`
    const chapter = `describe('x', () => {\n${'  step()\n'.repeat(80)}})`
    const measured = [sourceOf('a.ts', long), sourceOf('b.test.ts', chapter), sourceOf('c.ts', 'x\n'.repeat(301))]
    expect([...tooLong(measured)]).toEqual([
      ['a.ts#serve', 61],
      ['c.ts', 301],
    ])
  })

  it('lets no exception grow, outlive its cause or be larger than needed', () => {
    const found = new Map([
      ['grown.ts', 320],
      ['shrunk.ts', 310],
      ['new.ts', 301],
      ['same.ts', 305],
    ])
    const list = { 'grown.ts': 310, 'shrunk.ts': 320, 'same.ts': 305, 'gone.ts': 400 }
    expect(againstAllowance(found, list)).toEqual([
      'grown.ts grew from 310 to 320 lines',
      'shrunk.ts: lower the entry to 310',
      'new.ts is 301 lines long',
      'gone.ts is short enough now: take it off the list',
    ])
  })
})
