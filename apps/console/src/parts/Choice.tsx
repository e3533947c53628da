import { ToggleButton, ToggleButtonGroup } from '@mui/material'
import type { ReactNode } from 'react'

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string; readonly icon?: ReactNode }[]
  readonly onChange: (value: Value) => void
}

/** One of a few, all in sight. */
export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const change = (_event: unknown, wanted: Value | null) => {
    if (wanted !== null) onChange(wanted)
  }
  return (
    <ToggleButtonGroup exclusive size="small" value={value} onChange={change} aria-label={label}>
      {options.map((option) => (
        <ToggleButton
          key={option.value}
          value={option.value}
          sx={{ px: 1.5, py: 0.6, gap: 0.75, textTransform: 'none' }}
        >
          {option.icon}
          {option.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
