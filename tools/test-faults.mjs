/**
 * Runs the fault scenarios and shows what each measured: `npm run test:faults [-- --json] [-- -t A14]`.
 * With `--json` the last line of standard output is {"passed","failed","repeated","seconds","validKeyRequests",
 * "validKeyAnswersInProcess","wrong401","scenarios":[…]}.
 * Exits with 1 when a scenario fails.
 *
 * Tests of `npm test` that call `sampleSize` play all of their seeds or keys here; the others of their files are reported when they fail.
 *
 * Scenarios read times, and a machine that is lent out meanwhile makes them red for nothing. So this idle process watches the machine; a
 * scenario that failed while it was disturbed is run again, twice at most, and reported with both. One that refused a valid key as unknown
 * is never excused.
 */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

/** The figure of the simulation that counts its answers. */
const IN_PROCESS = 'answers for valid keys, in process'
/** A longer wait for our turn, or a larger share given to others, than a quiet machine shows. */
const STALLED_MS_MIN = 250
const STOLEN_MIN = 0.01
const REPEATS_MAX = 2

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, t: { type: 'string', short: 't' } },
  allowPositionals: true,
})

const beganMs = performance.now()
const pulse = monitorEventLoopDelay({ resolution: 5 })
pulse.enable()

const runs = [await run(positionals, values.t)]
const scenarios = runs[0].scenarios
for (let repeat = 1; repeat <= REPEATS_MAX; repeat++) {
  const again = scenarios.filter((scenario) => !scenario.ok && isDisturbed(scenario) && !scenario.figures.wrong401)
  if (again.length === 0) break
  say(`\nAgain, since the machine was disturbed: ${again.map(({ name }) => name).join(' · ')}`)
  const names = again.map(({ name }) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
  const files = [...new Set(again.map(({ file }) => file))]
  const repeated = await run(files, `(?:${names.join('|')})$`)
  runs.push(repeated)
  for (const scenario of again) {
    const last = repeated.scenarios.find(({ file, name }) => file === scenario.file && name === scenario.name)
    if (last) Object.assign(scenario, last, { before: [...scenario.before, wayOf(scenario)] })
  }
}

const broken = runs.flatMap((one) => one.broken)
const sum = (figure) =>
  runs.flatMap((one) => one.measured).reduce((total, figures) => total + Number(figures[figure] ?? 0), 0)
const passed = scenarios.filter(({ ok }) => ok).length
const outcome = {
  passed,
  failed: scenarios.length - passed + broken.length,
  repeated: scenarios.filter(({ before }) => before.length > 0).length,
  seconds: Math.round((performance.now() - beganMs) / 1000),
  validKeyRequests: sum('requests'),
  validKeyAnswersInProcess: sum(IN_PROCESS),
  wrong401: sum('wrong401'),
  scenarios,
}

for (const scenario of scenarios) {
  const { ok, name, seconds, figures, error, before } = scenario
  const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`)
  say(`${ok ? 'ok  ' : 'FAIL'} ${String(seconds).padStart(6)} s  ${name}`)
  if (shown.length > 0) say(`                ${shown.join(' · ')}`)
  if (error) say(`                ${error.split('\n')[0]}`)
  if (isDisturbed(scenario)) say(`                ${disturbance(scenario)}`)
  for (const earlier of before) say(`                red before: ${earlier}`)
}
for (const error of broken) say(`FAIL ${error.message}`)
say(
  `\n${outcome.passed} passed (${outcome.repeated} of them repeated), ${outcome.failed} failed in ${outcome.seconds} s; ` +
    `${outcome.validKeyRequests} requests with valid keys over sockets and ` +
    `${outcome.validKeyAnswersInProcess} in process, ${outcome.wrong401} wrong 401`,
)
if (values.json) say(JSON.stringify(outcome))
process.exit(outcome.failed > 0 || scenarios.length === 0 ? 1 : 0)

/** `measured` keeps what each scenario noted, whatever becomes of it afterwards. */
async function run(files, pattern) {
  const quiet = new Map()
  let processors = processorTime()
  const vitest = await startVitest('test', files, {
    config: 'vitest.faults.config.ts',
    watch: false,
    reporters: [
      {
        onTestCaseReady() {
          pulse.reset()
          processors = processorTime()
        },
        onTestCaseResult(test) {
          const now = processorTime()
          const stolen = (now.stolen - processors.stolen) / Math.max(now.all - processors.all, 1)
          quiet.set(test.id, { stalledMs: Math.round(pulse.max / 1_000_000), stolen: Math.round(stolen * 1000) / 1000 })
          process.stderr.write(`${mark(test)} ${test.name}\n`)
        },
      },
    ],
    ...(pattern && { testNamePattern: pattern }),
  })
  const modules = vitest.state.getTestModules()
  const played = modules
    .flatMap((module) => [...module.children.allTests()])
    .filter((test) => test.result().state !== 'skipped' && (isScenario(test) || test.result().state !== 'passed'))
    .map((test) => ({
      name: test.name,
      file: test.module.relativeModuleId,
      ok: test.result().state === 'passed',
      seconds: Math.round((test.diagnostic()?.duration ?? 0) / 100) / 10,
      figures: test.meta().figures ?? {},
      ...(quiet.get(test.id) ?? { stalledMs: 0, stolen: 0 }),
      error: test.result().errors?.[0]?.message ?? null,
      before: [],
    }))
  const errors = modules.flatMap((module) => module.errors())
  await vitest.close()
  return { scenarios: played, broken: errors, measured: played.map(({ figures }) => figures) }
}

function isScenario(test) {
  return test.module.relativeModuleId.includes('/faults/') || 'sample size' in (test.meta().figures ?? {})
}

/** Ticks since the start of the machine: of all processors, and what its host gave to others. Zero without /proc. */
function processorTime() {
  try {
    const ticks = /^cpu +(.+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1].split(' ').slice(0, 8).map(Number) ?? []
    return { all: ticks.reduce((total, one) => total + one, 0), stolen: ticks[7] ?? 0 }
  } catch {
    return { all: 0, stolen: 0 }
  }
}

function isDisturbed({ stalledMs, stolen }) {
  return stalledMs >= STALLED_MS_MIN || stolen >= STOLEN_MIN
}

function disturbance({ stalledMs, stolen }) {
  return `disturbed: an idle process waited ${stalledMs} ms for its turn; ${(stolen * 100).toFixed(1)} % of the machine went to others`
}

function wayOf(scenario) {
  return `${scenario.error?.split('\n')[0] ?? 'no reason given'}; ${disturbance(scenario)}`
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

function mark(test) {
  return { passed: 'ok  ', skipped: 'skip' }[test.result().state] ?? 'FAIL'
}
