import { useMediaQuery } from '@mui/material'
import { createContext, useContext, useState } from 'react'
import { remember, remembered } from '../remember.ts'
import type { Mode } from '../theme.ts'

export const THEME_CHOICES = ['system', 'light', 'dark'] as const
type ThemeChoice = (typeof THEME_CHOICES)[number]

interface ThemeState {
  readonly choice: ThemeChoice
  readonly mode: Mode
  readonly choose: (choice: ThemeChoice) => void
}

export const ThemeChoiceContext = createContext<ThemeState>({ choice: 'system', mode: 'light', choose: () => {} })

/** Light or dark: as the system says, unless a person chose on this device. */
export function useThemeState(): ThemeState {
  const [choice, setChoice] = useState<ThemeChoice>(
    () => THEME_CHOICES.find((known) => known === remembered('theme')) ?? 'system',
  )
  const systemIsDark = useMediaQuery('(prefers-color-scheme: dark)', { noSsr: true })
  const systemMode = systemIsDark ? 'dark' : 'light'
  const choose = (wanted: ThemeChoice) => {
    remember('theme', wanted)
    setChoice(wanted)
  }
  return { choice, mode: choice === 'system' ? systemMode : choice, choose }
}

export function useThemeChoice(): ThemeState {
  return useContext(ThemeChoiceContext)
}
