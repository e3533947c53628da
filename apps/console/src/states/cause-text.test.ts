import { DIAGNOSES } from '@turnpike/domain/lists'
import { expect, it } from 'vitest'
import { diagnosesDe } from '../i18n/de/diagnoses.ts'
import { diagnosesEn } from '../i18n/en/diagnoses.ts'
import type { Say } from '../i18n/text.ts'
import { causeText } from './cause-text.ts'

const say: Say = (key, values) => `${key} ${String(values?.['about'] ?? '')}`.trim()

it('has a text for every diagnosis in both languages', () => {
  for (const code of DIAGNOSES)
    expect([code, diagnosesEn[code].length > 0, diagnosesDe[code].length > 0]).toEqual([code, true, true])
})

it('names the nearest model and the parameter', () => {
  const of = (code: 'model_unknown' | 'parameter_invalid', about: string | null) =>
    causeText({ diagnosis: { code, about }, fault: 'request_invalid' }, say)
  expect(of('model_unknown', 'sim/swift-8b')).toBe('diagnosis.model_unknown_about sim/swift-8b')
  expect(of('parameter_invalid', 'max_tokens')).toBe('diagnosis.parameter_invalid_about max_tokens')
  expect(of('model_unknown', null)).toBe('diagnosis.model_unknown')
})

it('falls back to the fault, and to an inner error', () => {
  expect(causeText({ diagnosis: null, fault: 'rate_limited' }, say)).toBe('fault.rate_limited')
  expect(causeText({ diagnosis: null, fault: null }, say)).toBe('fault.internal')
})
