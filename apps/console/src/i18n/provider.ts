import polyglotI18nProvider from 'ra-i18n-polyglot'
import type { I18nProvider, TranslationMessages } from 'react-admin'
import { remember, remembered } from '../remember.ts'
import { en } from './en/en.ts'
import { browserTags, languageOf, LOCALES } from './locale.ts'

/** Texts in the reader's language: the one chosen before, else the browser's, else English. */
export async function openTexts(): Promise<I18nProvider> {
  const locale = languageOf(remembered('locale'), browserTags())
  document.documentElement.lang = locale
  const initial = await messagesOf(locale)
  const provider = polyglotI18nProvider(
    (wanted) => (wanted === locale ? initial : messagesOf(wanted)),
    locale,
    [...LOCALES],
    // react-admin's own components, of which few are used, name more texts than we fill.
    { allowMissing: true },
  )
  return {
    ...provider,
    changeLocale: async (wanted) => {
      await provider.changeLocale(wanted)
      document.documentElement.lang = wanted
      remember('locale', wanted)
    },
  }
}

/** English is always at hand; the others are fetched when they are wanted. */
async function messagesOf(locale: string): Promise<TranslationMessages> {
  const messages: unknown = locale === 'de' ? (await import('./de/de.ts')).de : en
  return messages as TranslationMessages
}
