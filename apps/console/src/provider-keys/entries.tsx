import { FormControlLabel, Radio, RadioGroup, TextField } from '@mui/material'
import { useId } from 'react'
import { useText } from '../i18n/text.ts'
import { textOf, type Path } from '../draft/draft.ts'
import { useEntry } from '../draft/state.ts'
import { Group } from '../draft/fields.tsx'
import type { Options } from '../draft/NamesEntry.tsx'

/** A secret while it is typed. Browsers are asked not to offer to keep it. */
export function SecretEntry({ label, hint }: { label: string; hint: string }) {
  const { value, error, set } = useEntry(['secret'])
  return (
    <TextField
      size="small"
      fullWidth
      type="password"
      label={label}
      value={textOf(value)}
      onChange={(event) => set(event.target.value.trim() || undefined)}
      error={error !== null}
      helperText={error ?? hint}
      autoComplete="new-password"
      slotProps={{ inputLabel: { shrink: true }, htmlInput: { spellCheck: false, 'data-1p-ignore': true } }}
    />
  )
}

interface SearchEntryProps {
  readonly path: Path
  readonly label: string
  readonly hint: string
  readonly options: Options
}

/** A name, with the known ones offered while it is typed. A label of the list becomes its value. */
export function SearchEntry({ path, label, hint, options }: SearchEntryProps) {
  const { value, error, set } = useEntry(path)
  const listId = useId()
  const valueOf = (text: string) => options.find(([, words]) => words.toLowerCase() === text.toLowerCase())?.[0] ?? text
  const chosen = options.find(([option]) => option === value)?.[1]
  return (
    <>
      <TextField
        size="small"
        fullWidth
        label={label}
        value={textOf(value)}
        onChange={(event) => set(event.target.value || undefined)}
        onBlur={(event) => set(valueOf(event.target.value.trim()) || undefined)}
        error={error !== null}
        helperText={error ?? (chosen === undefined || chosen === value ? hint : chosen)}
        autoComplete="off"
        slotProps={{ inputLabel: { shrink: true }, htmlInput: { list: listId, spellCheck: false } }}
      />
      <datalist id={listId}>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words === option ? undefined : words}
          </option>
        ))}
      </datalist>
    </>
  )
}

/** Before credits, or after them. */
export function PlacementEntry() {
  const { say } = useText()
  const { value, error, set } = useEntry(['placement'])
  return (
    <Group legend={say('providerKeys.placement')} note={error ?? undefined} isWrong={error !== null}>
      <RadioGroup
        aria-label={say('providerKeys.placement')}
        value={textOf(value)}
        onChange={(_event, chosen) => set(chosen)}
        sx={{ mt: -1 }}
      >
        {(['first', 'fallback'] as const).map((placement) => (
          <FormControlLabel
            key={placement}
            value={placement}
            control={<Radio size="small" />}
            label={say(`providerKeys.placement_${placement}Text`)}
          />
        ))}
      </RadioGroup>
    </Group>
  )
}
