import type { ChatRequest, TenantId } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { withOpaqueUser } from './opaque-user.ts'

const asked = (user?: string) => ({ messages: [], ...(user !== undefined && { user }) }) as unknown as ChatRequest
const [one, other] = ['tenant-1', 'tenant-2'] as [TenantId, TenantId]

it('a provider never learns who the end user is, only that it is the same one', () => {
  const seen = withOpaqueUser(asked('ada@example.org'), one).user
  expect(seen).not.toContain('ada')
  expect(withOpaqueUser(asked('ada@example.org'), one).user).toBe(seen)
  expect(withOpaqueUser(asked('bob@example.org'), one).user).not.toBe(seen)
  expect(withOpaqueUser(asked('ada@example.org'), other).user).not.toBe(seen)
})

it('a request without an end user gets none', () => {
  const request = asked()
  expect(withOpaqueUser(request, one)).toBe(request)
})
