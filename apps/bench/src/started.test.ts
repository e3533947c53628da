import { expect, it } from 'vitest'
import { Started } from './started.ts'

it('ends everything once, the last first, even when a step fails', async () => {
  const ended: string[] = []
  const started = new Started()
  started.add(async () => void ended.push('first'))
  started.add(() => Promise.reject(new Error('stuck')))
  started.add(async () => void ended.push('last'))
  await expect(started.end()).rejects.toThrow('Not everything')
  await expect(started.end()).rejects.toThrow('Not everything')
  expect(ended).toEqual(['last', 'first'])
})
