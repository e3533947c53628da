import { expect, it } from 'vitest'
import { ROLES } from './lists.ts'
import { may, PERMISSIONS, permissionsOf } from './permissions.ts'

it('lets an owner do everything and a viewer change nothing', () => {
  expect(permissionsOf('owner')).toEqual(PERMISSIONS)
  expect(permissionsOf('viewer').filter((permission) => !permission.endsWith(':read'))).toEqual([])
})

it('never lets a lesser role do what a greater one may not', () => {
  const holders = PERMISSIONS.map((permission) => ROLES.map((role) => may(role, permission)))
  for (const allowed of holders) expect(allowed).toEqual(allowed.toSorted((a, b) => Number(b) - Number(a)))
})

it('keeps the audit log to those who answer for it', () => {
  expect(ROLES.filter((role) => may(role, 'audit:read'))).toEqual(['owner', 'admin'])
})
