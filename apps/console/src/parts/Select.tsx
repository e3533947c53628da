import TextField from '@mui/material/TextField'

interface SelectProps {
  readonly label: string
  readonly value: string
  /** Values and what is shown for them. */
  readonly options: readonly (readonly [value: string, label: string])[]
  readonly onChange: (value: string) => void
  /** When the list is about to be needed, for options that have to be fetched. */
  readonly onOpen?: () => void
  readonly minWidth?: number
}

/** One of many, as the platform's own list: quick, familiar and good on a phone. */
export function Select({ label, value, options, onChange, onOpen, minWidth = 150 }: SelectProps) {
  return (
    <TextField
      select
      size="small"
      label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      {...(onOpen && { onFocus: onOpen, onPointerEnter: onOpen })}
      slotProps={{ select: { native: true }, inputLabel: { shrink: true } }}
      sx={{ minWidth, maxWidth: '100%', flex: { xs: '1 1 45%', sm: '0 1 auto' } }}
    >
      {options.map(([optionValue, text]) => (
        <option key={optionValue} value={optionValue}>
          {text}
        </option>
      ))}
    </TextField>
  )
}
