import DarkIcon from '@mui/icons-material/DarkModeOutlined'
import LightIcon from '@mui/icons-material/LightModeOutlined'
import SystemIcon from '@mui/icons-material/ContrastOutlined'
import { useLocaleState } from 'react-admin'
import { LOCALES } from '../i18n/locale.ts'
import { useText } from '../i18n/text.ts'
import { Choice } from '../parts/Choice.tsx'
import { THEME_CHOICES, useThemeChoice } from './theme-choice.ts'

/** The language of the console on this device. */
export function LocalePicker() {
  const { say } = useText()
  const [locale, setLocale] = useLocaleState()
  const options = LOCALES.map(({ locale: value, name }) => ({ value: value as string, label: name }))
  return <Choice label={say('settings.language')} value={locale} options={options} onChange={setLocale} />
}

const ICONS = { system: SystemIcon, light: LightIcon, dark: DarkIcon }

/** Light, dark, or as the system says. */
export function ThemePicker() {
  const { say } = useText()
  const { choice, choose } = useThemeChoice()
  const options = THEME_CHOICES.map((value) => {
    const Icon = ICONS[value]
    return { value, label: say(`theme.${value}`), icon: <Icon fontSize="small" /> }
  })
  return <Choice label={say('nav.theme')} value={choice} options={options} onChange={choose} />
}
