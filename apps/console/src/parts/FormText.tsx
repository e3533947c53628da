import { TextField, type TextFieldProps } from '@mui/material'
import { useInput, useTranslate, type Validator } from 'react-admin'

type FormTextProps = Omit<TextFieldProps, 'name' | 'onChange' | 'onBlur'> & {
  readonly source: string
  readonly validate?: Validator | Validator[]
}

/** A text field of a react-admin form; errors, also the server's, are shown and read out. */
export function FormText({ source, validate, helperText, ...rest }: FormTextProps) {
  const translate = useTranslate()
  const { field, fieldState, id } = useInput({ source, defaultValue: '', ...(validate && { validate }) })
  const error = fieldState.error?.message
  return (
    <TextField
      {...rest}
      {...field}
      id={id}
      fullWidth
      error={error !== undefined}
      helperText={error === undefined ? helperText : messageOf(error, translate)}
    />
  )
}

/** react-admin wraps the messages of its own validators; the server's are plain text. */
function messageOf(error: string, translate: (key: string) => string): string {
  return translate(error.replace(/^@@react-admin@@"?|"$/g, ''))
}
