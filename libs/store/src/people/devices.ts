import { randomUUID } from 'node:crypto'
import type { UserId } from '@turnpike/domain'
import { openText, sealText, type KeySecrets } from '../key-path/seal.ts'

/** A device on which a person has signed in before. It is no session: it only has an allowance of wrong passwords of its own. */
export interface KnownDevice {
  readonly deviceId: string
  readonly userId: UserId
}

/** Longer than people stay away, short enough that a lost device is forgotten. */
export const DEVICE_AGE_MS_MAX = 365 * 24 * 3_600_000
const PURPOSE = 'device'
const DEVICE = /^([0-9a-f-]{36}) ([0-9a-f-]{36}) (\d{1,15})$/
/** Far above what is sealed. */
const LENGTH_MAX = 400

/** Names this device for one person. @returns text for a cookie, signed by the server secrets, with an end */
export function sealDevice(secrets: KeySecrets, userId: UserId, nowMs: number): string {
  const sealed = sealText(secrets, PURPOSE, `${randomUUID()} ${userId} ${nowMs + DEVICE_AGE_MS_MAX}`)
  return Buffer.from(sealed).toString('base64url')
}

/** Null for text that was not sealed here, or whose year is over. */
export function openDevice(secrets: KeySecrets, cookie: string, nowMs: number): KnownDevice | null {
  if (cookie.length > LENGTH_MAX) return null
  const opened = openText(secrets, PURPOSE, Buffer.from(cookie, 'base64url').toString())
  const [, deviceId, userId, endsMs] = DEVICE.exec(opened ?? '') ?? []
  if (deviceId === undefined || userId === undefined || Number(endsMs) <= nowMs) return null
  return { deviceId, userId: userId as UserId }
}
