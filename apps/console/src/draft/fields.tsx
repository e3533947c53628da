import { Box, Checkbox, FormControlLabel, FormHelperText, TextField } from '@mui/material'
import { useId, type ReactNode } from 'react'
import { decimal, isRecord, listOf, settled, textOf, typed, type Path } from './draft.ts'
import { Select } from '../parts/Select.tsx'
import type { Options } from './NamesEntry.tsx'
import { useEntry } from './state.ts'

const READ = {
  text: (text: string) => text.trim() || undefined,
  time: (text: string) => text || undefined,
  number: typed,
  dollars: decimal,
}

interface TextEntryProps {
  readonly path: Path
  readonly label: string
  readonly hint?: string
  /** `dollars` stay text, which no float rounds. */
  readonly kind?: keyof typeof READ
}

/** A text or a number of the document. */
export function TextEntry({ path, label, hint, kind = 'text' }: TextEntryProps) {
  const { value, error, set } = useEntry(path)
  return (
    <TextField
      size="small"
      fullWidth
      label={label}
      value={textOf(value)}
      onChange={(event) => set(READ[kind](event.target.value))}
      {...(kind === 'number' && { onBlur: (event) => set(settled(event.target.value)) })}
      error={error !== null}
      helperText={error ?? hint}
      type={kind === 'time' ? 'time' : 'text'}
      autoComplete="off"
      slotProps={{
        inputLabel: { shrink: true },
        htmlInput: kind === 'number' || kind === 'dollars' ? { inputMode: 'decimal' } : {},
      }}
    />
  )
}

interface CheckEntryProps {
  readonly path: Path
  readonly label: string
  readonly hint?: string
  /** What the document says when ticked, and when not; undefined: the default. */
  readonly on?: unknown
  readonly off?: unknown
}

/** A yes or no of the document. */
export function CheckEntry({ path, label, hint, on = true, off }: CheckEntryProps) {
  const { value, error, set } = useEntry(path)
  const isOn = off === undefined ? value === on || (isRecord(on) && isRecord(value)) : value !== off
  const hintId = useId()
  return (
    <Box>
      <FormControlLabel
        label={label}
        control={
          <Checkbox
            size="small"
            checked={isOn}
            onChange={(_event, ticked) => set(off === undefined ? (ticked ? on : undefined) : ticked ? undefined : off)}
            slotProps={{ input: { 'aria-describedby': hintId } }}
          />
        }
      />
      <FormHelperText id={hintId} error={error !== null} sx={{ mt: -0.5, ml: 3.5 }}>
        {error ?? hint}
      </FormHelperText>
    </Box>
  )
}

interface PickEntryProps {
  readonly path: Path
  readonly label: string
  readonly hint?: string
  readonly options: Options
}

/** One of a list; the empty value removes the field. */
export function PickEntry({ path, label, hint, options }: PickEntryProps) {
  const { value, error, set } = useEntry(path)
  const text = textOf(value)
  // What was written as JSON is shown even when it is none of the options.
  const all = options.some(([option]) => option === text) ? options : [...options, [text, text] as const]
  return (
    <Select
      fullWidth
      label={label}
      value={text}
      options={all}
      onChange={(chosen) => set(chosen || undefined)}
      error={error !== null}
      helperText={error ?? hint}
    />
  )
}

interface TicksEntryProps {
  readonly path: Path
  readonly label: string
  readonly hint?: string
  readonly options: Options
  /** What is ticked while the document says nothing. */
  readonly byDefault?: readonly string[]
  /** An empty list says something, as for failures; elsewhere the field is left out. */
  readonly mayBeEmpty?: boolean
}

/** Some of a few, all in sight. */
export function TicksEntry({
  path,
  label: legend,
  hint,
  options,
  byDefault = [],
  mayBeEmpty = false,
}: TicksEntryProps) {
  const { value, error, set } = useEntry(path)
  const ticked = value === undefined ? byDefault : listOf(value)
  const change = (option: string, isOn: boolean) => {
    const after = options.map(([name]) => name).filter((name) => (name === option ? isOn : ticked.includes(name)))
    set(after.length > 0 || mayBeEmpty ? after : undefined)
  }
  return (
    <Group legend={legend} note={error ?? hint} isWrong={error !== null}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 2 }}>
        {options.map(([option, label]) => (
          <FormControlLabel
            key={option}
            label={label}
            control={
              <Checkbox
                size="small"
                checked={ticked.includes(option)}
                onChange={(_event, isOn) => change(option, isOn)}
              />
            }
          />
        ))}
      </Box>
    </Group>
  )
}

interface GroupProps {
  readonly legend: string
  readonly note?: string | undefined
  readonly isWrong?: boolean
  readonly children: ReactNode
}

/** Fields that belong together, with what they are about. */
export function Group({ legend, note, isWrong = false, children }: GroupProps) {
  return (
    <Box component="fieldset" sx={{ border: 0, m: 0, p: 0, minWidth: 0 }}>
      <Box component="legend" sx={{ p: 0, mb: 1.25, fontSize: '0.875rem', fontWeight: 600 }}>
        {legend}
      </Box>
      {children}
      {note && <FormHelperText error={isWrong}>{note}</FormHelperText>}
    </Box>
  )
}

/** Fields side by side where there is room. */
export function Columns({ children }: { children: ReactNode }) {
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))' }}>
      {children}
    </Box>
  )
}
