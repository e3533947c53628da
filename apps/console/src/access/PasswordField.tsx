import HideIcon from '@mui/icons-material/VisibilityOffOutlined'
import ShowIcon from '@mui/icons-material/VisibilityOutlined'
import { IconButton, InputAdornment } from '@mui/material'
import { PASSWORD_BYTES_MAX, PASSWORD_LENGTH_MIN } from '@turnpike/contract/lists'
import { useState } from 'react'
import { required, type Validator } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { FormText } from '../parts/FormText.tsx'

interface PasswordFieldProps {
  readonly source?: 'password' | 'current'
  readonly label?: string
  readonly autoComplete: 'new-password' | 'current-password'
  readonly hint?: string
  readonly validate: Validator | Validator[]
}

/** A password that can be looked at while it is typed. */
export function PasswordField({ source = 'password', label, autoComplete, hint, validate }: PasswordFieldProps) {
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
      source={source}
      label={label ?? say('access.password')}
      type={shown ? 'text' : 'password'}
      autoComplete={autoComplete}
      validate={validate}
      slotProps={{ input: { endAdornment: toggle } }}
      {...(hint && { helperText: hint })}
    />
  )
}

/** A password that is being chosen. */
export function NewPasswordField({ label }: { label?: string }) {
  const { say } = useText()
  const sensible = (password: string) => {
    if (password.length < PASSWORD_LENGTH_MIN) return say('access.passwordShort')
    return new TextEncoder().encode(password).length > PASSWORD_BYTES_MAX ? say('access.passwordLong') : undefined
  }
  return (
    <PasswordField
      autoComplete="new-password"
      hint={say('access.passwordHint')}
      validate={[required(say('common.required')), sensible]}
      {...(label !== undefined && { label })}
    />
  )
}
