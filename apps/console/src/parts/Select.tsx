import { TextField, type TextFieldProps } from '@mui/material'

/** Values and what is shown for them. */
export type Options = readonly (readonly [value: string, label: string])[]

type SelectProps = Omit<TextFieldProps, 'onChange' | 'select'> & {
  readonly options: Options
  readonly onChange: (value: string) => void
  /** When the list is about to be needed, for options that have to be fetched. */
  readonly onOpen?: () => void
  readonly minWidth?: number
}

/** A list is as wide as its longest name, unless that is a very long one. */
const WIDTH_MAX = 'min(320px, 100%)'

/** One of many, as the platform's own list: quick, familiar and good on a phone. */
export function Select({ options, onChange, onOpen, minWidth = 150, ...field }: SelectProps) {
  return (
    <TextField
      select
      size="small"
      onChange={(event) => onChange(event.target.value)}
      {...(onOpen && { onFocus: onOpen, onPointerEnter: onOpen })}
      sx={field.fullWidth ? {} : { minWidth, maxWidth: WIDTH_MAX, flex: { xs: '1 1 45%', sm: '0 1 auto' } }}
      {...field}
      title={options.find(([value]) => value === field.value)?.[1]}
      slotProps={{ select: { native: true }, inputLabel: { shrink: true }, ...field.slotProps }}
    >
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </TextField>
  )
}
