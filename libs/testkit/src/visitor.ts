import type { Product } from './product.ts'
import { waitFor } from './wait.ts'

/** A person at the console's API, with cookies, as a browser sends them. */
export interface Visitor {
  readonly email: string
  /** Asks the console's API; answers with status and parsed body. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>
  /** Makes a key and gives it in clear. */
  makeKey(name: string, kind?: 'live' | 'test'): Promise<{ id: string; key: string }>
}

interface Mail {
  readonly to: readonly string[]
  readonly text: string
}

/** Signs a new person up and verifies the address with the code from the development mailbox. */
export async function signUp(product: Product, email: string): Promise<Visitor> {
  const visitor = visit(product, email)
  const signedUp = await visitor.ask('POST', '/sign-up', { email, password: 'correct horse battery staple' })
  if (signedUp.status !== 201) throw new Error(`sign-up answered ${signedUp.status}`)
  const code = await waitFor(() => codeFor(product, email), { withinMs: 10_000, what: 'the mail with the code' })
  const verified = await visitor.ask('POST', '/verify', { code })
  if (verified.status !== 200) throw new Error(`verification answered ${verified.status}`)
  return visitor
}

/** The code in the newest mail to this address; null while there is none. */
export async function codeFor(product: Product, email: string): Promise<string | null> {
  const { mails } = (await (await fetch(`${product.simulator}/mailbox`)).json()) as { mails: Mail[] }
  const mail = mails.find(({ to }) => to.includes(email))
  return /^\s*(\d{6})\s*$/m.exec(mail?.text ?? '')?.[1] ?? null
}

function visit(product: Product, email: string): Visitor {
  let cookie = ''
  const ask: Visitor['ask'] = async (method, path, body) => {
    const reply = await fetch(`${product.console}/console/v1${path}`, {
      method,
      headers: {
        origin: product.console,
        'x-turnpike-console': '1',
        ...(cookie && { cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    const text = await reply.text()
    return { status: reply.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} }
  }
  return {
    email,
    ask,
    async makeKey(name, kind = 'live') {
      const { status, body } = await ask('POST', '/keys', { name, kind })
      if (status !== 201) throw new Error(`making a key answered ${status}`)
      return { id: (body['data'] as { id: string }).id, key: String(body['key']) }
    },
  }
}
