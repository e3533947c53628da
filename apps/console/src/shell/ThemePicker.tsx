import DarkIcon from '@mui/icons-material/DarkModeOutlined'
import LightIcon from '@mui/icons-material/LightModeOutlined'
import SystemIcon from '@mui/icons-material/ContrastOutlined'
import { useText } from '../i18n/text.ts'
import { Choice } from '../parts/Choice.tsx'
import { THEME_CHOICES, useThemeChoice } from './theme-choice.ts'

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
