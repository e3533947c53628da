import { TextField } from '@mui/material'
import { useState } from 'react'
import { HttpError } from 'react-admin'
import { errorAt } from '../draft/draft.ts'
import { useText } from '../i18n/text.ts'

/** The field for a name in an `ActionDialog`. The error of the last try stands under it until the name is changed. */
export function useNameField(first = '') {
  const { say } = useText()
  const [typed, setTyped] = useState(first)
  const [tried, setTried] = useState(first)
  /** The name that was typed; throws the field's error for an empty one. */
  const taken = () => {
    setTried(typed)
    if (!typed.trim()) throw new HttpError('', 400, { errors: { name: say('common.required') } })
    return typed.trim()
  }
  const field = (errors: unknown, hint?: string) => {
    const error = typed === tried ? errorAt(errors, ['name']) : null
    return (
      <TextField
        autoFocus
        label={say('common.name')}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        error={error !== null}
        helperText={error ?? hint}
        autoComplete="off"
      />
    )
  }
  return { taken, field }
}
