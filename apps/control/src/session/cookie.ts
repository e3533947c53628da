import type { CookieSerializeOptions } from '@fastify/cookie'
import { SESSION_AGE_MS_MAX } from '@turnpike/store'

/** `__Host-` makes browsers insist on https (or localhost), this host alone, and the whole site. */
export const SESSION_COOKIE = '__Host-turnpike'

export const SESSION_COOKIE_ATTRIBUTES = {
  path: '/',
  maxAge: SESSION_AGE_MS_MAX / 1_000,
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
} as const satisfies CookieSerializeOptions
