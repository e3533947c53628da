import { invalid } from '../dialect.ts'
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../json.ts'
import { isSeal } from '../seal.ts'

/** As many function responses as there were calls, in the turn right after them. */
export function checkCallTurns(contents: readonly Fields[]): void {
  let open = 0
  for (const content of contents) {
    const parts = partsOf(content)
    const answers = parts.filter((part) => 'functionResponse' in part).length
    if (answers !== open) {
      throw invalid(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      )
    }
    open = parts.filter((part) => 'functionCall' in part).length
  }
}

/** What the API takes on a call that another model made, which never had a signature. */
const NO_SEAL = 'skip_thought_signature_validator'

/** Signatures come back as given out. A model that thinks wants one on the first call of each step of the turn. */
export function checkSignatures(contents: readonly Fields[], thinks: boolean): void {
  const current = contents.findLastIndex(
    (content) => partsOf(content).some((part) => 'text' in part) && content['role'] !== 'model',
  )
  for (const [at, content] of contents.entries()) {
    const parts = partsOf(content)
    for (const part of parts) {
      const mark = part['thoughtSignature'] ?? part['thought_signature']
      if (mark !== undefined && mark !== NO_SEAL && !isSeal(textOf(mark)))
        throw invalid('Thought signature is not valid.')
    }
    const call = parts.find((part) => 'functionCall' in part)
    if (!thinks || at < current || !call || 'thoughtSignature' in call || 'thought_signature' in call) continue
    const name = isFields(call['functionCall']) ? textOf(call['functionCall']['name']) : ''
    throw invalid(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. Function call \`default_api:${name}\`, position ${at}.`,
    )
  }
}

function partsOf(content: Fields): Fields[] {
  return listOf(content['parts']).map(fieldsOf)
}
