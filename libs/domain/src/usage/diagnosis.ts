import { cutName, type Fault } from '../fault.ts'
import type { DiagnosisCode } from './diagnoses.ts'

/** `about` is the nearest model, or the parameter; null: the code says all. At most 64 characters. */
export interface Diagnosis {
  readonly code: DiagnosisCode
  readonly about: string | null
}

/** The diagnosis of a fault; null: the fault itself says what is wrong. */
export function diagnosisOf({ code, facts }: Fault): Diagnosis | null {
  if (facts.diagnosis)
    return { code: facts.diagnosis, about: facts.diagnosisAbout ? cutName(facts.diagnosisAbout) : null }
  return code === 'request_invalid' && facts.param ? { code: 'parameter_invalid', about: cutName(facts.param) } : null
}

/** Paths of the API below its base URL. */
const PATHS = String.raw`(?:chat/completions|completions|embeddings|models)(?:/|$)`
const WITHOUT_V1 = new RegExp(`^/(?:api/)?${PATHS}`)
const V1_TWICE = /\/v1\/v1\//
const OTHER_DIALECT = /\/(?:messages|responses)$|:(?:stream)?generateContent$/i
const API = new RegExp(`^/(?:api/)?(?:v1/)*${PATHS}`)

/** What is wrong with a path that is no route of the gateway; null: nothing that is known. @param path without its query */
export function pathDiagnosis(path: string): DiagnosisCode | null {
  if (V1_TWICE.test(path)) return 'base_url_with_v1_twice'
  if (WITHOUT_V1.test(path)) return 'base_url_without_v1'
  return OTHER_DIALECT.test(path) ? 'dialect_unsupported' : null
}

/** Whether a path that is no route of the console is meant for the gateway. @param path without its query */
export function isApiPath(path: string): boolean {
  return API.test(path) || OTHER_DIALECT.test(path)
}
