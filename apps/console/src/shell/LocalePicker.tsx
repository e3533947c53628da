import { useLocaleState } from 'react-admin'
import { LOCALES } from '../i18n/provider.ts'
import { useText } from '../i18n/text.ts'
import { Choice } from '../parts/Choice.tsx'

/** The language of the console on this device. */
export function LocalePicker() {
  const { say } = useText()
  const [locale, setLocale] = useLocaleState()
  const options = LOCALES.map(({ locale: value, name }) => ({ value: value as string, label: name }))
  return <Choice label={say('settings.language')} value={locale} options={options} onChange={setLocale} />
}
