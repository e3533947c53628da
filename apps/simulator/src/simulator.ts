import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { adminDesk } from './admin.ts'
import type { Config } from './config.ts'
import { Mailbox } from './mailbox.ts'
import { mailboxDesk } from './mailbox-desk.ts'
import { createSimulatorServer } from './server.ts'
import { World } from './world.ts'

export interface Simulator {
  /** Where providers answer, without a slash at the end: `http://127.0.0.1:4123`. */
  readonly url: string
  readonly smtpPort: number
  /** Stops listening and cuts what is still open; done well within two seconds. */
  readonly close: () => Promise<void>
}

/** Starts a simulator; nothing is shared with another in the process. @throws Error when a port is taken. */
export async function buildSimulator(config: Config): Promise<Simulator> {
  const world = new World()
  const mailbox = new Mailbox()
  const smtpPort = await mailbox.listen(config.smtpPort, config.host)
  const server = createSimulatorServer(world, [adminDesk(world), mailboxDesk(mailbox)])
  server.listen({ host: config.host, port: config.port, backlog: BACKLOG })
  await once(server, 'listening').catch(async (error: unknown) => {
    await mailbox.close()
    throw error
  })
  const { port } = server.address() as AddressInfo
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  return {
    url: `http://${host}:${port}`,
    smtpPort,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await Promise.all([closed, mailbox.close()])
    },
  }
}

/** Connections waiting to be accepted: benchmarks open thousands at once. */
const BACKLOG = 4096
