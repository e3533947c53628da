import { useLocale, useTranslate } from 'react-admin'
import type { TextKey } from './en/en.ts'
import { browserTags, regionalTag } from './locale.ts'

export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

/** Texts by names that the compiler checks, and the locale for numbers and times. */
export function useText(): { say: Say; locale: string } {
  const translate = useTranslate()
  const locale = regionalTag(useLocale(), browserTags())
  return { say: (key, values) => translate(key, values), locale }
}
