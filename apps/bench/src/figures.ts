import type { Readings } from './cases.ts'

/** How a reading is called and written. `added`: what the way without floor and gateway takes is taken off first. */
export interface Meaning {
  readonly title: string
  readonly unit: 'µs' | 'ms' | '/s' | 'MB'
  readonly added?: true
  readonly goal?: string
}

/** Every reading, in the order of the table. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  chatCpuUs: { title: 'chat request, CPU', unit: 'µs', goal: '≤ 2.0 ×, then 1.5 ×' },
  chatPerSecond: { title: 'chat requests, one process', unit: '/s' },
  latencyP50Ms: { title: 'chat at 200/s, added p50', unit: 'ms', added: true },
  latencyP99Ms: { title: 'chat at 200/s, added p99', unit: 'ms', added: true },
  chunkCpuUs: { title: 'streamed chunk, flat out, CPU', unit: 'µs', goal: '≤ 1.3 ×' },
  pacedChunkCpuUs: { title: 'streamed chunk, one by one, CPU', unit: 'µs', goal: '≤ 1.3 ×' },
  chunksPerSecond: { title: 'streamed chunks, one process', unit: '/s' },
  firstTokenP50Ms: { title: 'first token at 50/s, added p50', unit: 'ms', added: true, goal: '≤ 2 ms' },
  firstTokenP99Ms: { title: 'first token at 50/s, added p99', unit: 'ms', added: true, goal: '≤ 10 ms' },
  promptCpuMs: { title: '400 KB prompt, CPU', unit: 'ms' },
  promptPerSecond: { title: '400 KB prompts, one process', unit: '/s' },
  restMb: { title: 'memory at rest', unit: 'MB' },
  streamsMb: { title: 'memory with 1,000 streams', unit: 'MB', goal: '≤ 300 MB' },
}

/** What one turn of a case said about each subject. */
export interface Round {
  readonly direct: Readings | null
  readonly floor: Readings
  readonly gateway: Readings
}

export interface Figure {
  readonly name: string
  readonly floor: number
  readonly gateway: number
  /** Gateway ÷ floor, the median over the rounds; null where the floor adds nothing to divide by. */
  readonly ratio: number | null
}

/** Medians over the rounds. Ratios are taken within a round: between two, a machine’s speed varies by a quarter. */
export function figuresOf(rounds: readonly Round[]): Figure[] {
  return Object.keys(MEANINGS).flatMap((name) => {
    const pairs = rounds.flatMap(({ direct, floor, gateway }) => {
      const off = MEANINGS[name]?.added ? direct?.[name] : 0
      const [ground, governed] = [floor[name], gateway[name]]
      if (off === undefined || ground === undefined || governed === undefined) return []
      return [{ floor: ground - off, gateway: governed - off }]
    })
    if (pairs.length === 0) return []
    const ratio = median(pairs.map((pair) => pair.gateway / pair.floor))
    const divisible = pairs.every((pair) => pair.floor > 0 && pair.gateway > 0)
    return [
      {
        name,
        floor: median(pairs.map((pair) => pair.floor)),
        gateway: median(pairs.map((pair) => pair.gateway)),
        ratio: divisible ? ratio : null,
      },
    ]
  })
}

/** The middle value; of an even number, the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}
