import { Box, InputBase, type SxProps, type Theme } from '@mui/material'
import { useEffect, useRef, type ClipboardEvent, type KeyboardEvent } from 'react'
import { useText } from '../i18n/text.ts'
import { CODE_LENGTH, erased, typed, type Entry } from './code-entry.ts'

interface CodeInputProps {
  readonly value: string
  /** The code is being checked. */
  readonly busy: boolean
  readonly invalid: boolean
  readonly onChange: (code: string) => void
}

/** Six boxes that behave as one field: typing moves on, deleting moves back, pasting fills all. */
export function CodeInput({ value, busy, invalid, onChange }: CodeInputProps) {
  const { say } = useText()
  const boxes = useRef<(HTMLInputElement | null)[]>([])
  useEffect(() => {
    if (value === '') boxes.current[0]?.focus()
  }, [value])
  const take = ({ code, focus }: Entry) => {
    if (busy) return
    if (code !== value) onChange(code)
    boxes.current[focus]?.focus()
  }
  const paste = (event: ClipboardEvent) => {
    event.preventDefault()
    take(typed('', 0, event.clipboardData.getData('text')))
  }
  const press = (box: number, event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') boxes.current[box - 1]?.focus()
    if (event.key === 'ArrowRight') boxes.current[box + 1]?.focus()
    if (event.key !== 'Backspace') return
    event.preventDefault()
    take(erased(value, value[box] === undefined ? value.length : box))
  }
  return (
    <Box
      role="group"
      aria-label={say('verify.code')}
      sx={{ display: 'flex', gap: { xs: 0.75, sm: 1.25 } }}
      onPaste={paste}
    >
      {Array.from({ length: CODE_LENGTH }, (_, box) => (
        <InputBase
          key={box}
          value={value[box] ?? ''}
          // Read-only keeps the focus where it is; disabled would lose it.
          readOnly={busy}
          onChange={(event) => take(typed(value, box, added(value[box], event.target.value)))}
          onKeyDown={(event) => press(box, event)}
          inputRef={(element: HTMLInputElement | null) => {
            boxes.current[box] = element
          }}
          slotProps={{
            input: {
              inputMode: 'numeric',
              autoComplete: box === 0 ? 'one-time-code' : 'off',
              'aria-label': say('verify.digit', { number: box + 1 }),
              'aria-invalid': invalid,
            },
          }}
          sx={boxStyle(invalid)}
        />
      ))}
    </Box>
  )
}

/** The typed digit without the previous one, which the browser reports along with it. */
function added(before: string | undefined, after: string): string {
  return (before === undefined ? after : after.replace(before, '')) || after
}

function boxStyle(invalid: boolean): SxProps<Theme> {
  return {
    width: 52,
    height: 60,
    flex: '0 1 52px',
    borderRadius: '12px',
    border: '1.5px solid',
    borderColor: invalid ? 'error.main' : 'text.disabled',
    backgroundColor: 'background.paper',
    fontSize: '1.5rem',
    fontWeight: 650,
    '& input': { textAlign: 'center', p: 0 },
    '&.Mui-focused': {
      borderColor: 'primary.main',
      boxShadow: (theme: Theme) => `0 0 0 1px ${theme.palette.primary.main}`,
    },
  }
}
