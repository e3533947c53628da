import type { CookieSerializeOptions } from '@fastify/cookie'
import { DEVICE_AGE_MS_MAX, SESSION_AGE_MS_MAX } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '@turnpike/server'
import type { ClientInfo, StartedSession } from './authentication.ts'

/** `__Host-` makes browsers insist on https (or localhost), this host alone, and the whole site. */
export const SESSION_COOKIE = '__Host-turnpike'
/** Says on which device a person has signed in before. It opens nothing. */
export const DEVICE_COOKIE = '__Host-turnpike-device'

export const SESSION_COOKIE_ATTRIBUTES = attributesOf(SESSION_AGE_MS_MAX)

function attributesOf(ageMs: number) {
  return {
    path: '/',
    maxAge: ageMs / 1_000,
    httpOnly: true,
    secure: true,
    sameSite: 'lax',
  } as const satisfies CookieSerializeOptions
}

/** Answers a request that started a session with its two cookies. */
export function sendStartedSession(reply: FastifyReply, { token, device, session }: StartedSession): void {
  void reply
    .setCookie(SESSION_COOKIE, token, SESSION_COOKIE_ATTRIBUTES)
    .setCookie(DEVICE_COOKIE, device, attributesOf(DEVICE_AGE_MS_MAX))
    .send({ session })
}

/** Who sent a request of a public route. */
export function clientInfoOf(request: FastifyRequest): ClientInfo {
  return {
    network: networkOf(request.ip),
    userAgent: request.headers['user-agent'] ?? '',
    session: request.cookies[SESSION_COOKIE] ?? '',
    device: request.cookies[DEVICE_COOKIE] ?? '',
  }
}
