/**
 * Runs the fault scenarios and shows what each measured: `npm run test:faults [-- --json] [-- -t A14]`.
 * With `--json` the last line of standard output is {"passed","failed","seconds","validKeyRequests","wrong401","scenarios":[…]}.
 * Exits with 1 when a scenario fails.
 */
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, t: { type: 'string', short: 't' } },
  allowPositionals: true,
})

const vitest = await startVitest('test', positionals, {
  config: 'vitest.faults.config.ts',
  watch: false,
  reporters: [{ onTestCaseResult: (test) => console.error(`${mark(test)} ${test.name}`) }],
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
  wrong401: sum('wrong401'),
  scenarios,
}
await vitest.close()

for (const { ok, name, seconds, figures, error } of scenarios) {
  const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`)
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${String(seconds).padStart(6)} s  ${name}`)
  if (shown.length > 0) console.log(`                ${shown.join(' · ')}`)
  if (error) console.log(`                ${error.split('\n')[0]}`)
}
for (const error of broken) console.log(`FAIL ${error.message}`)
console.log(
  `\n${outcome.passed} passed, ${failed} failed in ${outcome.seconds} s; ` +
    `${outcome.validKeyRequests} requests with valid keys over sockets, ${outcome.wrong401} wrong 401`,
)
if (values.json) console.log(JSON.stringify(outcome))
process.exit(failed > 0 || scenarios.length === 0 ? 1 : 0)

function mark(test) {
  return test.result().state === 'passed' ? 'ok  ' : test.result().state === 'skipped' ? 'skip' : 'FAIL'
}
