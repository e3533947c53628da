import type { FleetGateway } from '@turnpike/testkit'

/** A line of a gateway's log about a store or a channel that went or came back. */
export interface StateLine {
  /** Wall clock, Unix milliseconds. */
  readonly atMs: number
  /** The store's or the channel's name. */
  readonly of: string
  readonly gone: boolean
}

/** @param sinceMs wall clock of this machine, which the gateways share */
export function stateLines(gateway: FleetGateway, sinceMs: number): StateLine[] {
  return gateway
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map(
      (line) => JSON.parse(line) as { time: number; store?: string; state?: string; channel?: string; level: number },
    )
    .filter(({ time }) => time >= sinceMs)
    .flatMap(({ time, store, state, channel, level }): StateLine[] => {
      if (store !== undefined) return [{ atMs: time, of: `store ${store}`, gone: state === 'open' }]
      return channel === undefined ? [] : [{ atMs: time, of: `channel ${channel}`, gone: level > 30 }]
    })
}
