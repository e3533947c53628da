import { createLogger, run } from '@turnpike/server'
import { ownEnvironment, workerConfig } from './config.ts'
import { buildWorker } from './worker.ts'

await run(async () => {
  const config = workerConfig(ownEnvironment())
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL })
  const { close } = await buildWorker(config, log)
  return { ready: {}, close }
})
