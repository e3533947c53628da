import { run } from '@turnpike/server'

/** The replay of an outage: this program directs it, and with the argument `naive` it is one of the gateways that suffer it. */
if (process.argv[2] === 'naive') {
  const { naiveConfig } = await import('./outage/config.ts')
  const { startNaive } = await import('./outage/naive.ts')
  await run(() => startNaive(naiveConfig()))
} else {
  const { replay } = await import('./outage/replay.ts')
  await replay(process.argv.slice(2))
}
