import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { POLICY_FIELD_NAMES } from './fields.ts'

const GUIDE = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/policies.md'), 'utf8')

it.each(POLICY_FIELD_NAMES)('the guide to policies explains %s', (field) => {
  expect(GUIDE).toContain(`\`${field}\``)
})
