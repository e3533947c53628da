import { HttpError } from 'react-admin'
import { expect, it } from 'vitest'
import { errorAt } from '../draft/draft.ts'
import { documentErrorsOf } from './refusal.ts'

it('finds the errors of a document in a refused save and in a refused preview', () => {
  const errors = { document: { only: { 0: 'There is no provider “acron”. Did you mean acorn?' } } }
  const refused = new HttpError('document.only[0]: …', 400, { code: 'request_invalid', errors })
  expect(errorAt(documentErrorsOf(refused), ['only'])).toContain('acorn')
})

it('claims no field for what is no fault of the document', () => {
  expect(documentErrorsOf(new HttpError('Down', 503, { code: 'store_unavailable' }))).toBeNull()
  expect(documentErrorsOf(new HttpError('No', 400, { errors: { sample: { models: 'Unknown.' } } }))).toBeNull()
  expect(documentErrorsOf(null)).toBeNull()
})
