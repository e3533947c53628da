import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime, { type Address, type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'

export interface Mail {
  readonly id: string
  readonly receivedAt: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** Null for a mail in plain text only. */
  readonly html: string | null
}

const MAILS_MAX = 200
/** Far above what a sign-up mail needs, and 200 of them still fit into memory. */
const MAIL_BYTES_MAX = 2 * 1024 * 1024
const CLIENTS_MAX = 50
/** How long open connections get to say goodbye when we close. */
const CLOSE_MS_MAX = 500

/** The development mailbox: takes mail for anyone from anyone, and delivers it nowhere. */
export class Mailbox {
  readonly #mails: Mail[] = []
  readonly #server: SMTPServer
  #received = 0

  constructor() {
    this.#server = new SMTPServer({
      name: 'simulator',
      banner: 'Development mailbox: nothing is delivered',
      authOptional: true,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      size: MAIL_BYTES_MAX,
      maxClients: CLIENTS_MAX,
      closeTimeout: CLOSE_MS_MAX,
      onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anyone' }),
      onData: (stream, session, done) => {
        const to = session.envelope.rcptTo.map((each) => each.address)
        void this.#answer(stream, to, done)
      },
    })
    // A client that hangs up in mid-mail is its own affair; a port that is taken is reported by `listen`.
    this.#server.on('error', () => undefined)
  }

  /** @returns the port. @throws Error when it is taken. */
  async listen(port: number, host: string): Promise<number> {
    const listening = this.#server.listen(port, host)
    await once(listening, 'listening')
    return (listening.address() as AddressInfo).port
  }

  /** Newest first. */
  list(): Mail[] {
    return this.#mails.toReversed()
  }

  find(id: string): Mail | undefined {
    return this.#mails.find((mail) => mail.id === id)
  }

  clear(): void {
    this.#mails.length = 0
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(
    stream: SMTPServerDataStream,
    to: readonly string[],
    done: (error: Error | null, said?: string) => void,
  ): Promise<void> {
    try {
      const { from, subject = '', text = '', html = null } = await mimeOf(stream)
      this.#received += 1
      const id = String(this.#received)
      const receivedAt = new Date().toISOString()
      this.#mails.push({ id, receivedAt, from: from ? written(from) : '', to, subject, text, html })
      if (this.#mails.length > MAILS_MAX) this.#mails.shift()
      done(null, `Kept as ${id}`)
    } catch (error) {
      done(error instanceof Error ? error : new Error('The mail cannot be read.'))
    }
  }
}

async function mimeOf(stream: SMTPServerDataStream): Promise<Email> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) if (!stream.sizeExceeded) chunks.push(chunk)
  if (stream.sizeExceeded) throw Object.assign(new Error('The mail is larger than 2 MiB.'), { responseCode: 552 })
  return PostalMime.parse(Buffer.concat(chunks))
}

function written({ name, address }: Address): string {
  if (address === undefined) return name
  return name === '' ? address : `${name} <${address}>`
}
