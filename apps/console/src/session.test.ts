import type { SessionAnswer } from '@turnpike/contract'
import { HttpError } from 'react-admin'
import { expect, it } from 'vitest'
import { readSession } from './session.ts'

/** Only who it is matters here. */
const answer = { session: { user: { id: 'u' } } } as SessionAnswer

/** A device that remembers, and a server that counts how often it is asked. */
class Device {
  signedIn: boolean | null = null
  asked = 0
  readonly memory = {
    isSignedOut: () => this.signedIn === false,
    note: (signedIn: boolean) => {
      this.signedIn = signedIn
    },
  }

  read(status: number) {
    const fetchSession = async () => {
      this.asked++
      if (status !== 200) throw new HttpError('No', status)
      return answer
    }
    return readSession(fetchSession, this.memory)
  }
}

it('asks a server for a session that it has just said there is none of no second time', async () => {
  const device = new Device()
  expect(await device.read(401)).toBeNull()
  expect(await device.read(401)).toBeNull()
  expect(device.asked).toBe(1)
})

it('asks as long as nothing is known, and while somebody is signed in', async () => {
  const device = new Device()
  expect(await device.read(200)).toBe(answer.session)
  expect(await device.read(200)).toBe(answer.session)
  expect(device.asked).toBe(2)
})

it('asks again after signing in', async () => {
  const device = new Device()
  await device.read(401)
  device.memory.note(true)
  expect(await device.read(200)).toBe(answer.session)
})

it('takes a server that cannot answer for no sign that nobody is signed in', async () => {
  const device = new Device()
  await expect(device.read(503)).rejects.toThrow()
  expect(device.signedIn).toBeNull()
  expect(await device.read(200)).toBe(answer.session)
})
