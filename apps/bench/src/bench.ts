import { MEASURED } from './cases.ts'
import { figuresOf, type Figure, type Round } from './figures.ts'
import { fleetRows, measureFleet } from './fleet.ts'
import { machine, machineLine } from './machine.ts'
import { measureMicro, type Micro } from './micro.ts'
import { optionsOf, type CaseName, type Options } from './options.ts'
import { startRig, type Rig } from './rig.ts'
import { measureStalls } from './stall/stall.ts'
import { withStarted } from './started.ts'
import { figureTable, lines, microTable, stallTable } from './table.ts'
import { hasProc } from './usage-of-process.ts'
import { measureWhatIfJob } from './whatif-job.ts'
import { measureWhatIf, type WhatIfBench } from './whatif.ts'

/** Measures the requested cases in turn and prints them. Every process ends, also on an error and on Ctrl-C. */
export async function bench(args: readonly string[]): Promise<void> {
  try {
    const options = optionsOf(args)
    const facts = machine()
    print(`${machineLine(facts)}\n\n`)
    const micro = options.only.includes('micro') ? await measureMicro() : []
    if (micro.length > 0) print(`${microTable(micro)}\n`)
    const stall = options.only.includes('stall') ? await measureStalls(progress) : null
    if (stall) print(`${stallTable(stall)}\n`)
    const whatIf = options.only.includes('whatif') ? measureWhatIf() : null
    if (whatIf) print(`${whatIfLine(whatIf)}\n\n`)
    const whatIfJob = options.only.includes('whatif-job') ? await withStarted(measureWhatIfJob) : null
    if (whatIfJob) print(`${whatIfLine(whatIfJob)}\n\n`)
    const fleet = options.only.includes('fleet') ? await measureFleet() : []
    if (fleet.length > 0) print(`${lines(fleetRows(fleet))}\n`)
    const figures = options.only.some(isOverSockets) ? await overSockets(options) : []
    if (figures.length > 0) print(`${figureTable(figures)}\n`)
    if (!hasProc()) print('This system has no /proc: CPU and memory are not reported, requests/s are used instead.\n')
    if (options.json)
      print(`${JSON.stringify({ ...facts, ...asJson(micro, figures), stall, whatIf, whatIfJob, fleet })}\n`)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}

/** The other cases run in this process, or bring their own. */
function isOverSockets(name: CaseName): name is keyof typeof MEASURED {
  return name !== 'micro' && name !== 'stall' && name !== 'whatif' && name !== 'whatif-job' && name !== 'fleet'
}

function whatIfLine({ how, requests, seconds, cpuSeconds, moved, goal }: WhatIfBench): string {
  const cpu = cpuSeconds === null ? '' : `, ${cpuSeconds.toFixed(1)} s of processor time`
  const times = `${seconds.toFixed(1)} s${cpu}`
  return `${requests.toLocaleString('en')} recorded requests replayed ${how} in ${times} (goal ${goal}); ${(moved * 100).toFixed(0)} % moved`
}

function overSockets(options: Options): Promise<Figure[]> {
  return withStarted(async (started) => {
    const rig = await startRig(started, options.profile)
    const rounds: Round[] = []
    for (const name of options.only) if (isOverSockets(name)) rounds.push(...(await takeTurns(rig, name, options)))
    return figuresOf(rounds)
  })
}

/** Optimising a gateway takes V8 some thousand requests. */
const WARM_UP_S = 3

/** Floor and gateway alternate, as a machine’s speed varies. A first turn of each warms it up and does not count. */
async function takeTurns(rig: Rig, name: keyof typeof MEASURED, { rounds, seconds }: Options): Promise<Round[]> {
  const { direct, once, measure } = MEASURED[name]
  progress(name)
  if (!once) for (const subject of [rig.floor, rig.gateway]) await measure(rig, subject, WARM_UP_S)
  const taken: Round[] = []
  for (let turn = 0; turn < (once ? 1 : rounds); turn++) {
    taken.push({
      direct: direct ? await measure(rig, rig.direct, seconds) : null,
      floor: await measure(rig, rig.floor, seconds),
      gateway: await measure(rig, rig.gateway, seconds),
    })
  }
  return taken
}

function asJson(micro: readonly Micro[], figures: readonly Figure[]) {
  return {
    micro: Object.fromEntries(micro.map(({ name, ...rest }) => [name, rest])),
    figures: Object.fromEntries(figures.map(({ name, ...rest }) => [name, rest])),
  }
}

/** What is being measured, beside the figures. */
function progress(what: string): void {
  process.stderr.write(`measuring ${what}\n`)
}

function print(text: string): void {
  process.stdout.write(text)
}
