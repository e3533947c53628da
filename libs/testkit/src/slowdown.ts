/** Processor time long enough to meet several turns of other programs. */
const WORK_MS = 100

/** How many times longer a piece of work takes than the processor time that it needs: 1 on a quiet machine, more on a busy one. */
export function slowdown(): number {
  const beganMs = performance.now()
  const began = process.cpuUsage()
  let usedMs = 0
  while (usedMs < WORK_MS) {
    const { user, system } = process.cpuUsage(began)
    usedMs = (user + system) / 1_000
  }
  return Math.max(1, (performance.now() - beganMs) / usedMs)
}

/** A limit that holds on a quiet machine, for the machine as it is now. Measure what it bounds first: this takes 100 ms and more. */
export function limitMs(quietMs: number): number {
  return quietMs * slowdown()
}

/** A rate that a quiet machine carries, for the machine as it is now. */
export function ratePerSecond(quietRate: number): number {
  return quietRate / slowdown()
}
