/**
 * Runs the fault scenarios and shows what each measured: `npm run test:faults [-- --json] [-- -t A14]`.
 * With `--json` the last line of standard output is {"passed","failed","seconds","validKeyRequests",
 * "validKeyAnswersInProcess","wrong401","scenarios":[…]}. `stalledMs` of a scenario is how long the machine let nobody run at a stretch:
 * this process has nothing else to do than to notice. Where it is hundreds, a time that was missed is the machine's.
 * Exits with 1 when a scenario fails.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

/** The figure of the simulation that counts its answers. */
const IN_PROCESS = 'answers for valid keys, in process'

/** Shorter ones are everyday. */
const STALL_MS_MIN = 100

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, t: { type: 'string', short: 't' } },
  allowPositionals: true,
})

const pulse = monitorEventLoopDelay({ resolution: 5 })
pulse.enable()
const stalledMs = new Map()

const vitest = await startVitest('test', positionals, {
  config: 'vitest.faults.config.ts',
  watch: false,
  reporters: [
    {
      onTestCaseReady: () => pulse.reset(),
      onTestCaseResult(test) {
        stalledMs.set(test.id, Math.round(pulse.max / 1_000_000))
        process.stderr.write(`${mark(test)} ${test.name}\n`)
      },
    },
  ],
  ...(values.t && { testNamePattern: values.t }),
})
const started = performance.timeOrigin
const scenarios = vitest.state
  .getTestModules()
  .flatMap((module) => [...module.children.allTests()])
  .filter((test) => test.result().state !== 'skipped')
  .map((test) => ({
    name: test.name,
    ok: test.result().state === 'passed',
    seconds: Math.round((test.diagnostic()?.duration ?? 0) / 100) / 10,
    figures: test.meta().figures ?? {},
    stalledMs: stalledMs.get(test.id) ?? 0,
    error: test.result().errors?.[0]?.message ?? null,
  }))
const broken = vitest.state.getTestModules().flatMap((module) => module.errors())
const sum = (figure) => scenarios.reduce((total, { figures }) => total + Number(figures[figure] ?? 0), 0)
const failed = scenarios.filter(({ ok }) => !ok).length + broken.length
const outcome = {
  passed: scenarios.length - scenarios.filter(({ ok }) => !ok).length,
  failed,
  seconds: Math.round((Date.now() - started) / 1000),
  validKeyRequests: sum('requests'),
  validKeyAnswersInProcess: sum(IN_PROCESS),
  wrong401: sum('wrong401'),
  scenarios,
}
await vitest.close()

for (const { ok, name, seconds, figures, stalledMs: stalled, error } of scenarios) {
  const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`)
  say(`${ok ? 'ok  ' : 'FAIL'} ${String(seconds).padStart(6)} s  ${name}`)
  if (shown.length > 0) say(`                ${shown.join(' · ')}`)
  if (error) say(`                ${error.split('\n')[0]}`)
  if (stalled >= STALL_MS_MIN) say(`                the machine let nobody run for ${stalled} ms`)
}
for (const error of broken) say(`FAIL ${error.message}`)
say(
  `\n${outcome.passed} passed, ${failed} failed in ${outcome.seconds} s; ` +
    `${outcome.validKeyRequests} requests with valid keys over sockets and ` +
    `${outcome.validKeyAnswersInProcess} in process, ${outcome.wrong401} wrong 401`,
)
if (values.json) say(JSON.stringify(outcome))
process.exit(failed > 0 || scenarios.length === 0 ? 1 : 0)

function say(line) {
  process.stdout.write(`${line}\n`)
}

function mark(test) {
  return test.result().state === 'passed' ? 'ok  ' : test.result().state === 'skipped' ? 'skip' : 'FAIL'
}
