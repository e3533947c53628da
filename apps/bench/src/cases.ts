import { percentile } from '@turnpike/testkit'
import { CHUNKS_PER_STREAM } from './answers.ts'
import { holdStreams, sendSteadily, type Times } from './client.ts'
import { saturate } from './load.ts'
import type { CaseName } from './options.ts'
import { BODIES } from './requests.ts'
import type { Rig } from './rig.ts'
import type { Subject } from './subject.ts'
import { cpuMsOf, residentBytesOf } from './usage-of-process.ts'

/** Results by the names in `figures.ts`. A figure that this system cannot give is absent. */
export type Readings = Readonly<Record<string, number>>

interface Case {
  /** Whether the way without floor and gateway is measured too, to be taken off. */
  readonly direct: boolean
  /** Measured once: it changes what it measures. */
  readonly once?: boolean
  readonly measure: (rig: Rig, subject: Subject, seconds: number) => Promise<Readings>
}

/** Enough to keep one process busy all the time, few enough not to measure its queue. */
const CONNECTIONS = 16
const STREAM_CONNECTIONS = 8
const PROMPT_CONNECTIONS = 4
/** Below half of what the slowest subject does on two cores that upstream and load share with it. */
const MODERATE_PER_SECOND = 200
const STREAMS_PER_SECOND = 50
const FIRST_TOKEN_MS = 20
const CHUNK_MS = 5
/** As many as the gateway serves to one tenant at once. */
const HELD_STREAMS = 1_000
/** A stream that says something every second lasts longer than the measurement. */
const HELD_PACE = { firstChunkMs: FIRST_TOKEN_MS, chunkMs: 1_000 }

/** Everything that is measured over sockets. */
export const MEASURED: Readonly<
  Record<Exclude<CaseName, 'micro' | 'stall' | 'whatif' | 'whatif-job' | 'fleet'>, Case>
> = {
  memory: { direct: false, once: true, measure: memory },
  chat: {
    direct: false,
    async measure(rig, subject, seconds) {
      const { cpuMs, requests, perSecond } = await flatOut(rig, subject, BODIES.chat, CONNECTIONS, seconds)
      return { chatPerSecond: perSecond, ...(cpuMs !== null && { chatCpuUs: (cpuMs * 1_000) / requests }) }
    },
  },
  latency: {
    direct: true,
    async measure(_rig, subject, seconds) {
      const whole = timesBy('wholeMs', await sendSteadily(subject, BODIES.chat, MODERATE_PER_SECOND, seconds))
      return { latencyP50Ms: percentile(whole, 50), latencyP99Ms: percentile(whole, 99) }
    },
  },
  stream: {
    direct: false,
    async measure(rig, subject, seconds) {
      const { cpuMs, chunks, perSecond } = await flatOut(rig, subject, BODIES.stream, STREAM_CONNECTIONS, seconds)
      return {
        chunksPerSecond: perSecond * CHUNKS_PER_STREAM,
        ...(cpuMs !== null && { chunkCpuUs: (cpuMs * 1_000) / chunks }),
      }
    },
  },
  'first-token': { direct: true, measure: firstToken },
  prompt: {
    direct: false,
    async measure(rig, subject, seconds) {
      const { cpuMs, requests, perSecond } = await flatOut(rig, subject, BODIES.prompt, PROMPT_CONNECTIONS, seconds)
      return { promptPerSecond: perSecond, ...(cpuMs !== null && { promptCpuMs: cpuMs / requests }) }
    },
  },
}

/** A saturating load, its CPU until nothing of it was left over, and what the upstream served. */
async function flatOut(rig: Rig, subject: Subject, body: string, connections: number, seconds: number) {
  const before = await rig.served()
  const load = await spending(subject, () => saturate(subject, body, connections, seconds))
  const after = await rig.served()
  return {
    cpuMs: load.cpuMs,
    perSecond: load.result,
    requests: after.requests - before.requests,
    chunks: after.chunks - before.chunks,
  }
}

async function spending<Result>(
  subject: Subject,
  work: () => Promise<Result>,
): Promise<{ result: Result; cpuMs: number | null }> {
  const before = subject.pid === null ? null : cpuMsOf(subject.pid)
  const result = await work()
  await subject.rest()
  const after = subject.pid === null ? null : cpuMsOf(subject.pid)
  return { result, cpuMs: before === null || after === null ? null : after - before }
}

/** Streams whose chunks come one by one: when the first is there, and what each costs when none share a read. */
async function firstToken(rig: Rig, subject: Subject, seconds: number): Promise<Readings> {
  await rig.setPace({ firstChunkMs: FIRST_TOKEN_MS, chunkMs: CHUNK_MS })
  try {
    const before = await rig.served()
    const { result, cpuMs } = await spending(subject, () =>
      sendSteadily(subject, BODIES.stream, STREAMS_PER_SECOND, seconds),
    )
    const chunks = (await rig.served()).chunks - before.chunks
    const first = timesBy('firstMs', result)
    return {
      firstTokenP50Ms: percentile(first, 50),
      firstTokenP99Ms: percentile(first, 99),
      ...(cpuMs !== null && { pacedChunkCpuUs: (cpuMs * 1_000) / chunks }),
    }
  } finally {
    await rig.setPace({ firstChunkMs: 0, chunkMs: 0 })
  }
}

function timesBy(field: keyof Times, times: readonly Times[]): number[] {
  return times.map((time) => time[field])
}

const BYTES_PER_MB = 1_000_000
const SAMPLES = 20
const SAMPLE_MS = 100

/** Memory of a process at its start, and its highest while it serves a thousand streams. */
async function memory(rig: Rig, subject: Subject): Promise<Readings> {
  const restBytes = subject.pid === null ? null : residentBytesOf(subject.pid)
  if (subject.pid === null || restBytes === null) return {}
  await rig.setPace(HELD_PACE)
  const held = await holdStreams(subject, BODIES.stream, HELD_STREAMS)
  let highest = restBytes
  for (let sample = 0; sample < SAMPLES; sample++) {
    highest = Math.max(highest, residentBytesOf(subject.pid) ?? 0)
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
  }
  const alive = held.alive()
  held.close()
  if (alive !== HELD_STREAMS) throw new Error(`${subject.name} kept ${alive} of ${HELD_STREAMS} streams open.`)
  await rig.setPace({ firstChunkMs: 0, chunkMs: 0 })
  await subject.rest()
  return { restMb: restBytes / BYTES_PER_MB, streamsMb: highest / BYTES_PER_MB }
}
