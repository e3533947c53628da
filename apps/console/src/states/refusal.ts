import { fieldErrorsOf, statusOf } from '../api.ts'
import { useFaultText } from './fault-text.ts'
import { at } from '../draft/draft.ts'

/** Errors of a refused document, in the document's own shape; null when the refusal names no field of it. */
export function documentErrorsOf(error: unknown): unknown {
  return at(fieldErrorsOf(error), ['document']) ?? null
}

/** The path of a field in the body, which a form does not show. */
const WITHIN = /^(?:document|policyId)(?:\.|: )/

/**
 * Explains a refusal. Where the caller can mend the matter, the server's own sentence is shown: it names the field,
 * the attachment or the author of the other version.
 */
export function useRefusalText(): (error: unknown) => string {
  const faultText = useFaultText()
  return (error) => {
    const status = statusOf(error)
    const isMendable = status === 400 || status === 409 || status === 422
    return isMendable && error instanceof Error ? error.message.replace(WITHIN, '') : faultText(error)
  }
}
