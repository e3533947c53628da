/** What can be done to an implementation while the load is on. */
export interface Stage {
  /** Redis refuses new connections and the live ones are reset. */
  refuseRedis(): Promise<void>
  /** Redis answers, later than anybody waits. */
  slowRedis(): Promise<void>
  healRedis(): Promise<void>
  /** Redis forgets everything. */
  flushRedis(): Promise<void>
  /** A group of keys that no gateway has seen yet comes into use, and stays in use. */
  newcomers(): void
  /** A client begins to send forged keys, or stops. */
  flood(on: boolean): void
}

interface Phase {
  readonly name: string
  /** Of the whole story, relative to the shares of the others. */
  readonly share: number
  begin(stage: Stage): Promise<void>
}

/** 17 February 2026 and, two days later, the same again with a flood beside it. */
export const STORY = [
  { name: 'warm', share: 15, begin: async () => {} },
  {
    name: '1: dropped',
    share: 20,
    async begin(stage) {
      await stage.refuseRedis()
      stage.newcomers()
    },
  },
  { name: '1: errors', share: 15, begin: (stage) => stage.slowRedis() },
  {
    name: '1: back, empty',
    share: 20,
    async begin(stage) {
      await stage.flushRedis()
      await stage.healRedis()
    },
  },
  { name: '1: calm', share: 10, begin: async () => {} },
  {
    name: '2: empty, flood',
    share: 25,
    async begin(stage) {
      stage.flood(true)
      stage.newcomers()
      await stage.flushRedis()
    },
  },
  { name: '2: calm', share: 15, begin: async (stage) => stage.flood(false) },
] as const satisfies readonly Phase[]

/** How long a phase takes when the whole story takes so many seconds. */
export function phaseMs(phase: Phase, seconds: number): number {
  const shares = STORY.reduce((sum, { share }) => sum + share, 0)
  return (seconds * 1_000 * phase.share) / shares
}
