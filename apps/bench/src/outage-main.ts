import { run } from '@turnpike/server'

/** The replay of an outage; with the argument `naive`, one of its gateways. */
if (process.argv[2] === 'naive') {
  const { naiveConfig } = await import('./outage/config.ts')
  const { startNaive } = await import('./outage/naive.ts')
  await run(() => startNaive(naiveConfig()))
} else {
  const { replay } = await import('./outage/replay.ts')
  await replay(process.argv.slice(2))
}
