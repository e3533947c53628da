import { SESSION_AGE_MS_MAX } from '@turnpike/store'

/** `__Host-` makes browsers insist on https (or localhost), this host alone, and the whole site. */
const NAME = '__Host-turnpike'

/** The session's token in a Cookie header; null when there is none. */
export function cookieOf(header: string | undefined): string | null {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === NAME && value) return value
  }
  return null
}

/** The header that leaves a token with the browser. */
export function setCookie(token: string): string {
  return `${NAME}=${token}; Path=/; Max-Age=${SESSION_AGE_MS_MAX / 1000}; HttpOnly; Secure; SameSite=Lax`
}

/** The header that takes it away. */
export function dropCookie(): string {
  return `${NAME}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`
}
