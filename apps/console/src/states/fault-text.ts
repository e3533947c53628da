import { HttpError } from 'react-admin'
import { codeOf } from '../api.ts'
import { faultsEn } from '../i18n/en/faults.ts'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'

/** The name of the text for a fault; a fault that this build does not know counts as an inner error. */
export function faultTextKey(code: string): TextKey {
  return `fault.${Object.hasOwn(faultsEn, code) ? (code as keyof typeof faultsEn) : 'internal'}`
}

/** Explains what was thrown: by its code in the reader's language, else in the server's words, else as no answer. */
export function useFaultText(): (error: unknown) => string {
  const { say } = useText()
  return (error) => {
    const code = codeOf(error)
    if (code !== null && Object.hasOwn(faultsEn, code)) return say(faultTextKey(code))
    return error instanceof HttpError ? error.message : say('state.offline')
  }
}
