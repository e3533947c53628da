import { parseArgs } from 'node:util'

/** What can be measured, in the order in which it is. */
export const CASES = [
  'micro',
  'stall',
  'whatif',
  'whatif-job',
  'fleet',
  'memory',
  'chat',
  'latency',
  'stream',
  'first-token',
  'prompt',
] as const
export type CaseName = (typeof CASES)[number]

export interface Options {
  readonly only: readonly CaseName[]
  /** Of each measurement. */
  readonly seconds: number
  /** How often floor and gateway take turns in each case. */
  readonly rounds: number
  readonly json: boolean
  /** Folder for CPU profiles of the gateway; null takes none. */
  readonly profile: string | null
}

/** Longer runs say nothing more, and a typing mistake should not take the night. */
const SECONDS_MAX = 120
const ROUNDS_MAX = 25

const USAGE = `npm run bench -- [--only ${CASES.join(',')}] [--seconds 3] [--rounds 3] [--json] [--profile folder]`

/** Reads the command line. Throws an Error that says what would be right. */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  return {
    only: values.only === undefined ? CASES : casesOf(values.only),
    seconds: within('seconds', values.seconds, SECONDS_MAX),
    rounds: within('rounds', values.rounds, ROUNDS_MAX),
    json: values.json,
    profile: values.profile ?? null,
  }
}

function casesOf(text: string): CaseName[] {
  const wanted = text.split(',').map((name) => name.trim())
  for (const name of wanted) {
    if (!CASES.some((known) => known === name)) throw new Error(`There is no case "${name}". ${USAGE}`)
  }
  return CASES.filter((name) => wanted.includes(name))
}

function within(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
    throw new Error(`--${name} is a whole number from 1 to ${most}.`)
  }
  return value
}
