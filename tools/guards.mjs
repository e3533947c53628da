/**
 * Shows that no guard of the key path could be taken out unnoticed: `npm run test:guards [-- --json]`.
 * Each is taken out of a copy of this work tree, where the test that stands for it must then fail, by an assertion.
 * With `--json` the last line of standard output is {"guards":[{"guard","test","red"}],"ok"}. Exits with 1 unless all fail.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { GUARDS } from './guards-list.mjs'

const FOLDERS = ['apps', 'libs', 'prisma']
/** One file of tests takes some five seconds; with this many at a time two cores are busy. */
const AT_A_TIME = 2
/** Nothing that is run here takes a tenth of it. */
const TIMEOUT_MS = 120_000

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const root = path.resolve(import.meta.dirname, '..')
const home = mkdtempSync(path.join(tmpdir(), 'turnpike-guards-'))
process.once('exit', () => rmSync(home, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function main() {
  const trees = Array.from({ length: AT_A_TIME }, (_, number) => copyTree(path.join(home, String(number))))
  for (const guard of GUARDS) patched(trees[0], guard)
  await expectGreen(trees[0])
  const outcomes = new Map()
  const waiting = [...GUARDS]
  await Promise.all(
    trees.map(async (tree) => {
      for (let guard = waiting.shift(); guard; guard = waiting.shift()) outcomes.set(guard, await without(tree, guard))
    }),
  )
  report(GUARDS.map((guard) => ({ ...guard, ...outcomes.get(guard) })))
}

/** The work tree as it is, without what is built; packages are linked. */
function copyTree(tree) {
  const isSource = (file) => !['node_modules', 'dist', '.nx'].includes(path.basename(file))
  for (const folder of FOLDERS)
    cpSync(path.join(root, folder), path.join(tree, folder), { recursive: true, filter: isSource })
  for (const entry of readdirSync(root, { withFileTypes: true }))
    if (entry.isFile() && !entry.name.startsWith('.env'))
      cpSync(path.join(root, entry.name), path.join(tree, entry.name))
  symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'), 'dir')
  return tree
}

/** The text without the guard. Throws when it is not there exactly once: then the list is to be mended. */
function patched(tree, { source, find, replace = '' }) {
  const parts = readFileSync(path.join(tree, source), 'utf8').split(find)
  if (parts.length !== 2) throw new Error(`${source} holds ${parts.length - 1} times, not once:\n${find}`)
  return parts.join(replace)
}

/** Every test passes as long as nothing is taken out. */
async function expectGreen(tree) {
  const files = [...new Set(GUARDS.map(({ file }) => file))]
  const results = await runTests(tree, files, `^(?:${GUARDS.map(({ test }) => escaped(test)).join('|')})$`)
  for (const { file, test } of GUARDS) {
    const result = results.find((one) => one.file === file && one.test === test)
    if (!result) throw new Error(`${file} has no test “${test}”.`)
    if (result.status !== 'passed')
      throw new Error(`${file}: “${test}” fails with its guard in place.\n${result.message}`)
  }
}

/** Red is an assertion that did not hold; a crash shows nothing. */
async function without(tree, guard) {
  const { file, test } = guard
  const source = path.join(tree, guard.source)
  const before = readFileSync(source, 'utf8')
  try {
    writeFileSync(source, patched(tree, guard))
    const results = await runTests(tree, [file], `^${escaped(test)}$`)
    const message = results.find((one) => one.test === test)?.message ?? 'the test did not run'
    return { red: /^(?:Error: )?AssertionError: /.test(message), message: message.split('\n')[0] }
  } finally {
    writeFileSync(source, before)
  }
}

/** Runs the tests of these files whose full name matches, in a process of its own. */
async function runTests(tree, files, pattern) {
  const output = path.join(tree, 'guards-output.json')
  rmSync(output, { force: true })
  const vitest = path.join(tree, 'node_modules', 'vitest', 'vitest.mjs')
  const args = ['run', ...files, '-t', pattern, '--reporter=json', `--outputFile=${output}`, '--retry=0']
  const log = await runToEnd(process.execPath, [vitest, ...args], tree)
  let tests
  try {
    tests = JSON.parse(readFileSync(output, 'utf8')).testResults
  } catch {
    throw new Error(`vitest reported nothing about ${files.join(', ')}.\n${log}`)
  }
  return tests.flatMap(({ name, assertionResults, message }) => {
    const file = path.relative(tree, name).split(path.sep).join('/')
    if (assertionResults.length === 0) throw new Error(`${file} did not run: ${message}`)
    return assertionResults.map(({ fullName, status, failureMessages }) => {
      return { file, test: fullName, status, message: failureMessages?.[0] ?? status }
    })
  })
}

/** Resolves with what the process printed, whatever its exit code: a test fails, as it should. */
function runToEnd(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const bounds = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], ...bounds })
    const lines = []
    child.stdout.on('data', (bytes) => lines.push(bytes))
    child.stderr.on('data', (bytes) => lines.push(bytes))
    child.once('error', reject)
    child.once('close', () => resolve(Buffer.concat(lines).toString('utf8').slice(-2_000)))
  })
}

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

function report(guards) {
  const ok = guards.every(({ red }) => red)
  for (const { guard, file, test, source, red, message } of guards) {
    say(`${red ? 'red ' : 'FAIL'}  without ${guard} (${source})`)
    say(`      ${file}: ${test}`)
    say(`      ${message}`)
  }
  const noticed = guards.filter(({ red }) => red).length
  say(`\nWithout its guard, ${noticed} of ${guards.length} tests go red.`)
  if (values.json) say(JSON.stringify({ guards: guards.map(({ guard, test, red }) => ({ guard, test, red })), ok }))
  process.exitCode = ok ? 0 : 1
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
