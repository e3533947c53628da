import { createTransport } from 'nodemailer'

/** A mail, in plain text and in HTML. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Hands mails to a server. */
export interface Mailer {
  /** Resolves when the server took it; rejects when it did not, or not in time. */
  readonly send: (mail: Mail) => Promise<void>
  readonly close: () => void
}

const CONNECT_TIMEOUT_MS = 10_000
/** Mail servers may think for a while about a sender they do not know. */
const SILENCE_TIMEOUT_MS = 30_000
/** Below what mail servers allow one sender. */
const CONNECTIONS_MAX = 2

/** @param url `smtp://` or `smtps://` @param from the sender, as in the From header */
export function openMailer(url: string, from: string): Mailer {
  const transport = createTransport(
    {
      url,
      pool: true,
      maxConnections: CONNECTIONS_MAX,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      // Mails are made of our own text: nothing in them may be read from a disk or fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from, headers: { 'auto-submitted': 'auto-generated' } },
  )
  return {
    async send({ to, subject, text, html }) {
      // An address as an object is never parsed, so no list of receivers can hide in it.
      await transport.sendMail({ to: { name: '', address: to }, subject, text, html })
    },
    close: () => transport.close(),
  }
}
