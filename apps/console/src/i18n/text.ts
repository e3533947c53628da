import { useLocale, useTranslate } from 'react-admin'
import type { TextKey } from './en/en.ts'

export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

/** Texts by names that the compiler checks, and the locale for numbers and times. */
export function useText(): { say: Say; locale: string } {
  const translate = useTranslate()
  const locale = regional(useLocale())
  return { say: (key, values) => translate(key, values), locale }
}

/** The language as the reader's region writes numbers and times: `en` may be `en-GB`. */
function regional(language: string): string {
  return navigator.languages.find((tag) => tag.split('-')[0] === language) ?? language
}
