import { createLogger, run } from '@turnpike/server'
import { gatewayConfig, ownEnvironment } from './config.ts'
import { listen } from './gateway.module.ts'
import { buildGateway } from './gateway.ts'

await run(async () => {
  const config = gatewayConfig(ownEnvironment())
  const log = createLogger({ name: 'gateway', level: config.LOG_LEVEL })
  const { url, opsUrl, close } = await listen(await buildGateway(config, log), log)
  return { ready: { url, ops: opsUrl }, close }
})
