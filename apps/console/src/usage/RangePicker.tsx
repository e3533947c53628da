import Chip from '@mui/material/Chip'
import { moment } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Select } from '../parts/Select.tsx'
import { RANGES, type Wish } from './period.ts'

interface RangePickerProps {
  readonly wish: Wish
  readonly onChange: (changes: Readonly<Record<string, string | null>>) => void
}

/** How far back to look. A fixed period comes from a link or a click on a bar, and can be let go of. */
export function RangePicker({ wish, onChange }: RangePickerProps) {
  const { say, locale } = useText()
  if (wish.kind === 'fixed') {
    const text = `${moment(wish.from, locale)} – ${moment(wish.to, locale)}`
    return <Chip label={text} onDelete={() => onChange({ from: null, to: null })} />
  }
  return (
    <Select
      label={say('usage.range')}
      value={wish.range}
      options={RANGES.map((range) => [range, say(`usage.range_${range}`)])}
      onChange={(range) => onChange({ range })}
    />
  )
}
