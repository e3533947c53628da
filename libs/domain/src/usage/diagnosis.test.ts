import { expect, it } from 'vitest'
import { Fault } from '../fault.ts'
import { diagnosisOf, isApiPath, pathDiagnosis } from './diagnosis.ts'

it.each([
  ['/chat/completions', 'base_url_without_v1'],
  ['/api/chat/completions', 'base_url_without_v1'],
  ['/models', 'base_url_without_v1'],
  ['/api/v1/v1/chat/completions', 'base_url_with_v1_twice'],
  ['/v1/messages', 'dialect_unsupported'],
  ['/v1/responses', 'dialect_unsupported'],
  ['/v1beta/models/gemini:generateContent', 'dialect_unsupported'],
  ['/favicon.ico', null],
  ['/models.html', null],
])('tells what is wrong with the path %s', (path, code) => {
  expect(pathDiagnosis(path)).toBe(code)
})

it('knows a request to the console that was meant for the gateway', () => {
  expect(['/api/v1/chat/completions', '/chat/completions', '/v1/messages'].every(isApiPath)).toBe(true)
  expect(['/keys', '/', '/models.js'].some(isApiPath)).toBe(false)
})

it('names the parameter of an invalid request, cut', () => {
  const param = 'x'.repeat(100)
  expect(diagnosisOf(new Fault('request_invalid', '', { param }))?.about).toHaveLength(64)
  expect(diagnosisOf(new Fault('request_invalid', ''))).toBeNull()
  expect(diagnosisOf(new Fault('rate_limited', '', { param }))).toBeNull()
})

it('is what the fault carries, before anything else', () => {
  const facts = { param: 'model', diagnosis: 'model_unknown', diagnosisAbout: 'sim/swift-8b' } as const
  expect(diagnosisOf(new Fault('model_unknown', '', facts))).toEqual({ code: 'model_unknown', about: 'sim/swift-8b' })
})
