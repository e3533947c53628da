import { createLogger, run } from '@turnpike/server'
import { controlConfig, ownEnvironment } from './config.ts'
import { listenOn } from './control.module.ts'
import { buildControl } from './control.ts'

await run(async () => {
  const config = controlConfig(ownEnvironment())
  const log = createLogger({ name: 'control', level: config.LOG_LEVEL })
  const { url, close } = await listenOn(await buildControl(config, log), log)
  return { ready: { url }, close }
})
