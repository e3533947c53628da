import HideIcon from '@mui/icons-material/VisibilityOffOutlined'
import ShowIcon from '@mui/icons-material/VisibilityOutlined'
import { IconButton, InputAdornment } from '@mui/material'
import { useState } from 'react'
import type { Validator } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'

interface PasswordFieldProps {
  readonly autoComplete: 'new-password' | 'current-password'
  readonly hint?: string
  readonly validate: Validator | Validator[]
}

/** A password that can be looked at while it is typed. */
export function PasswordField({ autoComplete, hint, validate }: PasswordFieldProps) {
  const { say } = useText()
  const [shown, setShown] = useState(false)
  const toggle = (
    <InputAdornment position="end">
      <IconButton
        edge="end"
        onClick={() => setShown(!shown)}
        aria-label={say(shown ? 'access.hidePassword' : 'access.showPassword')}
      >
        {shown ? <HideIcon /> : <ShowIcon />}
      </IconButton>
    </InputAdornment>
  )
  return (
    <FormText
      source="password"
      label={say('access.password')}
      type={shown ? 'text' : 'password'}
      autoComplete={autoComplete}
      validate={validate}
      slotProps={{ input: { endAdornment: toggle } }}
      {...(hint && { helperText: hint })}
    />
  )
}
