import { Chip } from '@mui/material'
import { moment } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Select } from '../parts/Select.tsx'
import { RANGES, type PeriodSelection } from './period.ts'

interface RangePickerProps {
  readonly selection: PeriodSelection
  readonly onChange: (changes: Readonly<Record<string, string | null>>) => void
}

/** How far back to look. A fixed period comes from a link or a click on a bar, and can be let go of. */
export function RangePicker({ selection, onChange }: RangePickerProps) {
  const { say, locale } = useText()
  if (selection.kind === 'fixed') {
    const text = `${moment(selection.from, locale)} – ${moment(selection.to, locale)}`
    return <Chip label={text} onDelete={() => onChange({ from: null, to: null })} />
  }
  return (
    <Select
      label={say('usage.range')}
      value={selection.range}
      options={RANGES.map((range) => [range, say(`usage.range_${range}`)])}
      onChange={(range) => onChange({ range })}
    />
  )
}
