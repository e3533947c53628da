import { run } from '@turnpike/server'

/** Every process of a benchmark: the first argument names the one to be; without a name it starts the others. */
switch (process.argv[2]) {
  case 'upstream': {
    const { startUpstream } = await import('./upstream.ts')
    await run(startUpstream)
    break
  }
  case 'floor': {
    const { startFloor } = await import('./floor.ts')
    await run(() => startFloor(process.argv[3] ?? ''))
    break
  }
  default: {
    const { bench } = await import('./bench.ts')
    await bench(process.argv.slice(2))
  }
}
