import { parseArgs } from 'node:util'

interface ReplayOptions {
  /** Length of the replay for each implementation. */
  readonly seconds: number
  readonly json: boolean
}

/** Shorter, and a phase has no time to recover in. */
const SECONDS_MIN = 40
/** The incident itself took 38 minutes. */
const SECONDS_MAX = 2_400
const SECONDS = 120

const USAGE = `npm run replay:outage -- [--seconds ${SECONDS}] [--json]`

/** Reads the command line. Throws an Error that says what would be right. */
export function replayOptions(args: readonly string[]): ReplayOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string', default: String(SECONDS) }, json: { type: 'boolean', default: false } },
  })
  const seconds = Number(values.seconds)
  if (!(Number.isInteger(seconds) && seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) {
    throw new Error(`--seconds is a whole number from ${SECONDS_MIN} to ${SECONDS_MAX}. ${USAGE}`)
  }
  return { seconds, json: values.json }
}
