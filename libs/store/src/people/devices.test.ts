import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { UserId } from '@turnpike/domain'
import { newSecretsText, openKeySecrets } from '../key-path/seal.ts'
import { DEVICE_AGE_MS_MAX, openDevice, sealDevice } from './devices.ts'

const NOW = Date.UTC(2026, 10, 21)
const secrets = openKeySecrets(newSecretsText())
const userId = randomUUID() as UserId

it('knows a device again for a year, as a device of that person', () => {
  const cookie = sealDevice(secrets, userId, NOW)
  expect(cookie).toMatch(/^[\w-]+$/)
  expect(openDevice(secrets, cookie, NOW + DEVICE_AGE_MS_MAX - 1)).toMatchObject({ userId })
  expect(openDevice(secrets, cookie, NOW + DEVICE_AGE_MS_MAX)).toBeNull()
})

it('takes no device that another installation, or nobody, has signed', () => {
  const cookie = sealDevice(secrets, userId, NOW)
  const text = Buffer.from(cookie, 'base64url').toString()
  const forged = Buffer.from(text.replace(userId, randomUUID())).toString('base64url')
  const foreign = sealDevice(openKeySecrets(newSecretsText()), userId, NOW)
  for (const wrong of ['', 'abc', forged, foreign, cookie.slice(0, -4), 'x'.repeat(5_000)]) {
    expect(openDevice(secrets, wrong, NOW)).toBeNull()
  }
})
