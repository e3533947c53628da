import { DOORS, type Door } from './doors.ts'
import { SHAPES, type Shape } from './shapes.ts'

/** The longest that one body holds the event loop, and which body that is. */
interface Stall {
  readonly door: string
  readonly shape: string
  /** The text around the shape, cut. */
  readonly frame: string
  readonly bytes: number
  /** Of the quickest run: what interrupts this process is not the body's doing. */
  readonly holdMs: number
  /** Whether the product takes it or refuses it. */
  readonly taken: boolean
}

export interface StallBench {
  readonly goalMs: number
  /** What the same work takes here over what it takes on the machine that the goal is for. */
  readonly slowness: number
  readonly stalls: readonly Stall[]
}

/** As long as one body may hold up everybody else's requests, on a quiet machine. */
const GOAL_MS = 50
/** All bodies of a way in are measured at this part of their size, and the worst of them whole: it takes minutes otherwise. */
const SAMPLE = 1 / 10
/** Of each way in. */
const WHOLE = 3
const RUNS = 3

/**
 * Every way in with every shape in every place, one by one in this process.
 * @param seen is called with the name of each way in, before it is measured
 */
export async function measureStalls(seen: (door: string) => void): Promise<StallBench> {
  const slowness = calibrate()
  const stalls: Stall[] = []
  for (const door of DOORS) {
    seen(door.name)
    stalls.push(await worstOf(door))
  }
  return { goalMs: GOAL_MS, slowness, stalls: stalls.toSorted((a, b) => b.holdMs - a.holdMs) }
}

/** The work of a fixed size, in milliseconds, on the machine that the goal is for. */
const CALIBRATION_MS = 40

/** Reads a body of 4 MB again and again, as the ways in do; the quickest time counts. */
function calibrate(): number {
  const text = JSON.stringify(Array.from({ length: 100_000 }, (_, i) => ({ name: `item ${i}`, at: i })))
  const times = Array.from({ length: 9 }, () => {
    const began = now()
    JSON.parse(text)
    return since(began)
  })
  return Math.min(...times) / CALIBRATION_MS
}

async function worstOf(door: Door): Promise<Stall> {
  const first: { shape: Shape; frame: string; holdMs: number }[] = []
  for (const shape of SHAPES) {
    const value = valueOf(door, shape, SAMPLE)
    for (const frame of door.frames) {
      const { holdMs } = await holdOf(door, textOf(frame, value))
      first.push({ shape, frame, holdMs })
    }
  }
  let worst: Stall | null = null
  for (const { shape, frame } of first.toSorted((a, b) => b.holdMs - a.holdMs).slice(0, WHOLE)) {
    const text = textOf(frame, valueOf(door, shape, 1))
    const runs: { holdMs: number; taken: boolean }[] = []
    for (let run = 0; run < RUNS; run++) runs.push(await holdOf(door, text))
    const [quickest] = runs.toSorted((a, b) => a.holdMs - b.holdMs)
    if (!quickest || (worst && worst.holdMs >= quickest.holdMs)) continue
    worst = { door: door.name, shape: shape.name, frame: frame.slice(0, FRAME_LENGTH), bytes: text.length, ...quickest }
  }
  if (!worst) throw new Error(`${door.name} was not measured`)
  return worst
}

const FRAME_LENGTH = 120
/** Left for the frame. */
const FRAME_BYTES = 512
const FRAME_MEMBERS = 40

/** @param part of what the way in allows */
function valueOf({ bytes, members, names = members }: Door, { text, isNamed }: Shape, part: number): string {
  const most = isNamed ? Math.min(members, 2 * names) : members
  return text(Math.floor(bytes * part) - FRAME_BYTES, Math.floor(most * part) - FRAME_MEMBERS)
}

function textOf(frame: string, value: string): Buffer {
  return Buffer.from(frame.replace('%', () => value))
}

/**
 * The longest time in which the event loop takes no turn while a body is read. Turns are taken as fast as they come, so that what works
 * beside the loop, or in slices, is seen to.
 */
async function holdOf({ enter }: Door, text: Buffer): Promise<{ holdMs: number; taken: boolean }> {
  let longestMs = 0
  let last = now()
  let isOver = false
  const turn = () => {
    longestMs = Math.max(longestMs, since(last))
    last = now()
    if (!isOver) setImmediate(turn)
  }
  await new Promise((resolve) => setImmediate(resolve))
  last = now()
  setImmediate(turn)
  let taken = true
  try {
    await enter(text)
  } catch {
    taken = false
  }
  await new Promise((resolve) => setImmediate(resolve))
  isOver = true
  return { holdMs: longestMs, taken }
}

/** A moment by the clock, and by the processor time of this process. */
interface Moment {
  readonly wallMs: number
  readonly cpuMs: number
}

function now(): Moment {
  const { user, system } = process.cpuUsage()
  return { wallMs: performance.now(), cpuMs: (user + system) / 1_000 }
}

/** The smaller of the two, milliseconds: others on the machine take time by the clock, and V8's helpers take processor time beside the loop. */
function since(then: Moment): number {
  const { wallMs, cpuMs } = now()
  return Math.min(wallMs - then.wallMs, cpuMs - then.cpuMs)
}
