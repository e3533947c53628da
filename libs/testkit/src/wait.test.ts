import { expect, it } from 'vitest'
import { waitFor } from './wait.ts'

it('waits until the condition holds and returns its value', async () => {
  const answers = [undefined, 0, '', 'yes']
  expect(await waitFor(() => answers.shift(), { withinMs: 1_000 })).toBe('yes')
  expect(answers).toEqual([])
})

it('asks again after a condition that throws', async () => {
  let asked = 0
  const condition = (): boolean => {
    if (++asked < 3) throw new Error('not yet')
    return true
  }
  expect(await waitFor(condition, { withinMs: 1_000 })).toBe(true)
})

it('gives up in time, and says what did not happen and why', async () => {
  const never = (): boolean => {
    throw new Error('refused')
  }
  const failure = await waitFor(never, { withinMs: 20, what: 'The door' }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ message: 'The door did not come true within 20 ms.', cause: new Error('refused') })
})
