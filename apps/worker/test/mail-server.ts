import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import PostalMime, { type Email } from 'postal-mime'

/** A mail server that keeps what it is sent. */
export interface MailServer {
  readonly url: string
  /** Resolves with the next mail to an address, or the first that came unasked. */
  readonly next: (to: string) => Promise<Email>
  /** Refuses everything until called with false. */
  readonly refuse: (refusing: boolean) => void
  readonly received: () => number
  readonly close: () => Promise<void>
}

export async function startMailServer(): Promise<MailServer> {
  const boxes = new Map<string, { mails: Email[]; waiting: ((mail: Email) => void)[] }>()
  const boxOf = (address: string) => {
    const box = boxes.get(address) ?? { mails: [], waiting: [] }
    boxes.set(address, box)
    return box
  }
  const deliver = async (bytes: Buffer, receivers: readonly string[]) => {
    const mail = await PostalMime.parse(bytes)
    for (const receiver of receivers) {
      const box = boxOf(receiver)
      const waiting = box.waiting.shift()
      if (waiting) waiting(mail)
      else box.mails.push(mail)
    }
  }
  let refusing = false
  let count = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        count++
        if (refusing) {
          done(Object.assign(new Error('come back later'), { responseCode: 451 }))
          return
        }
        const receivers = session.envelope.rcptTo.map(({ address }) => address)
        void deliver(Buffer.concat(pieces), receivers)
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    next(to) {
      const box = boxOf(to)
      const mail = box.mails.shift()
      return mail ? Promise.resolve(mail) : new Promise((resolve) => box.waiting.push(resolve))
    },
    refuse: (now) => (refusing = now),
    received: () => count,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
