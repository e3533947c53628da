import { run } from '@turnpike/server'
import { readConfig } from './config.ts'
import { buildSimulator } from './simulator.ts'

await run(async () => {
  const { url, smtpPort, close } = await buildSimulator(readConfig())
  return { ready: { url, smtpPort }, close }
})
