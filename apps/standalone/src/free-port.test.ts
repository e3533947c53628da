import { expect, it } from 'vitest'
import { atFreePort } from './free-port.ts'

const taken = (port: number) => new Error(`Port ${port} is in use. Stop what listens there.`)

it('starts again with another port when another program was faster, after it ended what had started', async () => {
  const seen: string[] = []
  const ended = () => void seen.push('ended')
  const port = await atFreePort((chosen) => {
    seen.push('started')
    return seen.length < 4 ? Promise.reject(taken(chosen)) : Promise.resolve(chosen)
  }, ended)
  expect(seen).toEqual(['started', 'ended', 'started', 'ended', 'started'])
  expect(port).toBeGreaterThanOrEqual(20_000)
  expect(port).toBeLessThan(32_000)
})

it('gives up on any other failure, and after twenty ports', async () => {
  let starts = 0
  const failing = (error: (port: number) => Error) => (port: number) => {
    starts++
    return Promise.reject(error(port))
  }
  await expect(
    atFreePort(
      failing(() => taken(1)),
      () => undefined,
    ),
  ).rejects.toThrow('Port 1 is in use')
  expect(starts).toBe(1)
  await expect(atFreePort(failing(taken), () => undefined)).rejects.toThrow('is in use')
  expect(starts).toBe(21)
})
