import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const CONFIG = path.join(ROOT, '.dependency-cruiser.cjs')

/** Per rule: files that break it and no other. */
const OFFENCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-cycles': { 'apps/worker/src/egg.ts': `import './hen.ts'` },
  'domain-imports-nothing': {
    'libs/domain/src/clock.ts': `import 'node:fs'`,
    'libs/domain/src/neighbour.ts': `import '@turnpike/server'`,
    'libs/domain/src/package.ts': `import 'zod'`,
  },
  'gateway-keeps-to-its-row': { 'apps/gateway/src/charge.ts': `import '@turnpike/billing'` },
  'control-keeps-to-its-row': { 'apps/control/src/off-plan.ts': `import '@turnpike/vault'` },
  'worker-keeps-to-its-row': { 'apps/worker/src/form.ts': `import type { Form } from '@turnpike/contract'` },
  'console-keeps-to-its-row': { 'apps/console/src/database.ts': `import '@turnpike/store'` },
  'simulator-keeps-to-its-row': { 'apps/simulator/src/rule.ts': `import '@turnpike/domain'` },
  'console-takes-only-types-from-domain': {
    'apps/console/src/pricing.ts': `import { cost } from '@turnpike/domain'; cost()`,
  },
  'lists-reach-no-package': {
    'libs/contract/src/lists.ts': `import './form.ts'`,
  },
  'browser-code-has-no-node': {
    'apps/console/src/disk.ts': `import 'node:fs'`,
    'libs/contract/src/hash.ts': `import 'node:crypto'`,
  },
  'adapters-know-only-the-domain': { 'libs/providers/src/call.ts': `import '@turnpike/server'` },
  'testkit-knows-store-and-domain': { 'libs/testkit/src/dialect.ts': `import '@turnpike/providers'` },
  'testkit-is-for-tests': { 'apps/gateway/src/demo.ts': `import '@turnpike/testkit'` },
  'apps-are-not-imported': {
    'apps/gateway/test/shortcut.e2e.test.ts': `import '../../simulator/src/simulator.ts'`,
    'libs/testkit/src/whole.ts': `import '../../../apps/gateway/src/legal.ts'`,
  },
  'libs-are-entered-by-their-index': {
    'apps/gateway/src/burglar.ts': `import '@turnpike/domain/inner'`,
    'prisma/seed/burglar.ts': `import '@turnpike/domain/inner'`,
  },
  'libs-are-named-by-their-alias': {
    'apps/gateway/src/climber.ts': `import '../../../libs/domain/src/index.ts'`,
  },
  'gateway-call-reaches-no-step': {
    'apps/gateway/src/call/dispatch.ts': `import '../connect/failover.ts'`,
    'apps/gateway/src/call/reply.ts': `import '../http/edge.ts'`,
    'apps/gateway/src/call/words.ts': `import type {} from '../api/inference/decision.ts'`,
  },
  'gateway-connect-speaks-to-providers-only': {
    'apps/gateway/src/connect/reply.ts': `import '../http/edge.ts'`,
    'apps/gateway/src/connect/words.ts': `import '../api/inference/decision.ts'`,
  },
  'gateway-dialects-keep-apart': {
    'apps/gateway/src/api/embeddings/usage.ts': `import '../chat/chat-writer.ts'`,
    'apps/gateway/src/api/inference/usage.ts': `import '../chat/chat-writer.ts'`,
  },
  'gateway-is-wired-in-one-place': {
    'apps/gateway/src/health/loop.ts': `import type {} from '../gateway.ts'`,
    'apps/gateway/src/api/explain/explain.ts': `import '../../gateway.ts'`,
  },
  'nest-stays-at-the-rim': { 'apps/gateway/src/serve.ts': `import '@nestjs/common'` },
  'undici-is-egress-only': {
    'libs/server/src/probe.ts': `import 'undici'`,
    'apps/gateway/src/connect/upstream.ts': `import 'undici'`,
  },
  'databases-are-behind-the-store': {
    'apps/control/src/query.ts': `import 'pg'`,
    'apps/control/src/model.ts': `import '@prisma/client'`,
    'apps/gateway/src/limits.ts': `import 'ioredis'`,
    'apps/worker/src/queue.ts': `import 'graphile-worker'`,
    'apps/worker/src/client.ts': `import type { Client } from 'pg'`,
  },
  'stripe-is-behind-billing': { 'apps/control/src/checkout.ts': `import 'stripe'` },
  'react-is-the-consoles': {
    'apps/simulator/src/field.ts': `import 'react'`,
    'apps/simulator/src/button.ts': `import '@mui/material'`,
  },
  'production-has-no-dev-dependency': { 'libs/server/src/print.ts': `import 'prettier'` },
  'packages-are-declared': { 'apps/bench/src/stowaway.ts': `import 'stowaway'` },
  'imports-resolve': { 'apps/bench/src/typo.ts': `import './tpyo.ts'` },
}

/** One file per row that uses all that its row allows. */
const LEGAL: Readonly<Record<string, string>> = {
  'apps/gateway/src/legal.ts': imports('domain', 'providers', 'store', 'server'),
  'apps/control/src/legal.ts': imports('domain', 'providers', 'store', 'billing', 'contract', 'server'),
  'apps/worker/src/legal.ts': imports('domain', 'providers', 'store', 'billing', 'server'),
  'apps/console/src/legal.ts': `${imports('contract')}; import type { Cost } from '@turnpike/domain'; import 'react'`,
  'apps/console/src/legal-lists.ts': `import '@turnpike/domain/lists'`,
  'apps/simulator/src/legal-lists.ts': `import '@turnpike/domain/lists'`,
  'libs/contract/src/form.ts': `import 'zod'`,
  'libs/domain/src/lists.ts': 'export {}',
  'apps/console/src/legal-inline.ts': `import { type Cost } from '@turnpike/domain'`,
  'apps/simulator/src/legal.ts': imports('server'),
  'apps/simulator/src/simulator.ts': `import 'prettier'`,
  'apps/simulator/src/listed.ts': `import '../../../prisma/seed/list.ts'`,
  'prisma/seed/list.ts': 'export {}',
  'apps/standalone/src/legal.ts': `import '../../gateway/src/legal.ts'; ${imports('store', 'billing', 'server')}`,
  'apps/bench/src/legal.ts': `import '../../gateway/src/legal.ts'; ${imports('testkit')}`,
  'apps/gateway/src/main.ts': `import '@nestjs/common'; import './gateway.ts'`,
  'apps/gateway/src/gateway.ts': `import './call/call.ts'; import './connect/failover.ts'; import './http/readiness.ts'`,
  'apps/gateway/src/call/call.ts': `import '../targets/target.ts'`,
  'apps/gateway/src/call/call.test.ts': `import '../connect/failover.ts'`,
  'apps/gateway/src/connect/failover.ts': `import '../call/call.ts'`,
  'apps/gateway/src/http/edge.ts': `import '../call/call.ts'; import '../api/inference/decision.ts'`,
  'apps/gateway/src/http/readiness.ts': 'export {}',
  'apps/gateway/src/targets/target.ts': 'export {}',
  'apps/gateway/src/api/inference/decision.ts': `import '../../call/call.ts'`,
  'apps/gateway/src/api/inference/open-call.ts': `import '../../gateway.ts'; import '../../http/edge.ts'`,
  'apps/gateway/src/api/chat/chat-writer.ts': `import '../inference/decision.ts'`,
  'apps/gateway/src/api/chat/chat.controller.ts': `import '@nestjs/common'; import '../../gateway.ts'; import './chat-writer.ts'`,
  'apps/gateway/test/legal.e2e.test.ts': imports('testkit'),
  'libs/domain/src/legal.test.ts': `import 'vitest'; ${imports('testkit')}`,
  'libs/store/src/legal.ts': `import 'pg'; import 'ioredis'; import '@prisma/client'; import 'graphile-worker'`,
  'libs/billing/src/legal.ts': `import 'stripe'; ${imports('domain')}`,
  'libs/server/src/egress/egress.ts': `import 'undici'; ${imports('domain')}`,
  'libs/testkit/src/legal.ts': `import 'vitest'; ${imports('store', 'domain')}`,
}

const LIBS = 'domain providers store billing contract server testkit vault'.split(' ')
const SERVER_PACKAGES = 'zod @nestjs/common undici pg @prisma/client ioredis graphile-worker stripe'.split(' ')
const OTHER_PACKAGES = 'react @mui/material prettier vitest stowaway'.split(' ')

const Report = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })),
  }),
})
const RuleNames = z.object({ forbidden: z.array(z.object({ name: z.string() })) })

let tree: string
let broken: ReadonlyMap<string, ReadonlySet<string>>

beforeAll(async () => {
  tree = await mkdtemp(path.join(tmpdir(), 'floor-plan-'))
  await build()
  broken = await cruise()
}, 60_000)

afterAll(() => rm(tree, { recursive: true, force: true }))

for (const [rule, files] of Object.entries(OFFENCES)) {
  it(`${rule}: an offender is caught by this rule and no other`, () => {
    for (const file of Object.keys(files)) expect([file, [...(broken.get(file) ?? [])]]).toEqual([file, [rule]])
  })
}

it('lets everything through that the plan allows', () => {
  for (const file of Object.keys(LEGAL)) expect([file, broken.get(file)]).toEqual([file, undefined])
})

it('has no rule without an offender that proves it', () => {
  const { forbidden } = RuleNames.parse(createRequire(import.meta.url)(CONFIG))
  expect(forbidden.map((rule) => rule.name).toSorted()).toEqual(Object.keys(OFFENCES).toSorted())
})

function imports(...libs: readonly string[]): string {
  return libs.map((lib) => `import '@turnpike/${lib}'`).join('; ')
}

/** A repository with the real one's folders: empty libs, packages that are only names, then the files above. */
async function build(): Promise<void> {
  await cp(path.join(ROOT, 'package.json'), path.join(tree, 'package.json'))
  await write('tsconfig.base.json', JSON.stringify({ compilerOptions: { paths: aliases() } }))
  for (const lib of LIBS) await write(`libs/${lib}/src/index.ts`, 'export {}')
  await write('libs/domain/src/index.ts', 'export interface Cost {}; export function cost() {}')
  await write('libs/domain/src/inner.ts', 'export {}')
  await write('apps/worker/src/hen.ts', `import './egg.ts'`)
  for (const name of [...SERVER_PACKAGES, ...OTHER_PACKAGES]) {
    await write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }))
    await write(`node_modules/${name}/index.js`, '')
  }
  for (const files of [LEGAL, ...Object.values(OFFENCES)]) {
    for (const [file, text] of Object.entries(files)) await write(file, text)
  }
}

function aliases(): Record<string, string[]> {
  const entries = LIBS.map((lib) => [`@turnpike/${lib}`, [`./libs/${lib}/src/index.ts`]] as const)
  return {
    ...Object.fromEntries(entries),
    '@turnpike/domain/inner': ['./libs/domain/src/inner.ts'],
    '@turnpike/domain/lists': ['./libs/domain/src/lists.ts'],
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(tree, file)), { recursive: true })
  await writeFile(path.join(tree, file), `${text}\n`)
}

/** Runs the check that the repository runs, over the fixture. @returns the names of the rules that each file breaks */
async function cruise(): Promise<Map<string, Set<string>>> {
  const bin = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const report = path.join(tree, 'report.json')
  const options = ['--config', CONFIG, '--output-type', 'json', '--output-to', report]
  // The exit code is the number of violations; the report is what counts.
  await promisify(execFile)(process.execPath, [bin, 'apps', 'libs', 'prisma', ...options], { cwd: tree }).catch(
    () => {},
  )
  const { violations } = Report.parse(JSON.parse(await readFile(report, 'utf8'))).summary
  const found = new Map<string, Set<string>>()
  for (const { from, rule } of violations) found.set(from, (found.get(from) ?? new Set()).add(rule.name))
  return found
}
