import type { WorkspaceId } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { PresetLimit } from './preset-limit.ts'

it('lets a workspace change presets sixty times at once and once a second, and no other wait for it', () => {
  const limit = new PresetLimit()
  const mine = 'mine' as WorkspaceId
  const changes = (nowMs: number) => {
    for (let count = 0; ; count++) {
      try {
        limit.take(mine, nowMs)
      } catch (error) {
        expect(error).toMatchObject({ code: 'rate_limited' })
        return { count, retryAfterMs: (error as { facts: { retryAfterMs: number } }).facts.retryAfterMs }
      }
    }
  }
  expect(changes(0)).toEqual({ count: 60, retryAfterMs: 1_000 })
  expect(changes(2_500)).toEqual({ count: 2, retryAfterMs: 500 })
  limit.take('theirs' as WorkspaceId, 2_500)
  expect(changes(3_600_000).count).toBe(60)
})
