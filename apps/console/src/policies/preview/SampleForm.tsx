import { Box, TextField } from '@mui/material'
import { useText } from '../../i18n/text.ts'
import { Select } from '../../parts/Select.tsx'
import type { Options } from '../../draft/NamesEntry.tsx'
import type { SampleFields } from './sample.ts'

interface SampleFormProps {
  readonly fields: SampleFields
  readonly models: Options
  readonly providers: Options
  readonly onChange: (fields: SampleFields) => void
}

/** The request that a draft is tried on. */
export function SampleForm({ fields, models, providers, onChange }: SampleFormProps) {
  const { say } = useText()
  const set = (change: Partial<SampleFields>) => onChange({ ...fields, ...change })
  const count = (name: 'promptTokens' | 'maxTokens', label: string) => (
    <TextField
      size="small"
      label={label}
      value={fields[name]}
      onChange={(event) => set({ [name]: event.target.value.replaceAll(/\D/g, '') })}
      slotProps={{ htmlInput: { inputMode: 'numeric' }, inputLabel: { shrink: true } }}
    />
  )
  return (
    <Box sx={{ display: 'grid', gap: 1.5, gridTemplateColumns: '1fr 1fr' }}>
      <Box sx={{ gridColumn: '1 / -1', display: 'grid' }}>
        <Select
          label={say('common.model')}
          value={fields.model}
          options={models}
          onChange={(model) => set({ model })}
        />
      </Box>
      {count('promptTokens', say('request.bill_prompt'))}
      {count('maxTokens', say('models.maxCompletion'))}
      <Select
        label={say('preview.assumeDown')}
        value={fields.down}
        options={[['', say('preview.noneDown')], ...providers]}
        onChange={(down) => set({ down })}
        minWidth={0}
      />
      <TextField
        size="small"
        type="datetime-local"
        label={say('preview.at')}
        value={fields.at}
        onChange={(event) => set({ at: event.target.value })}
        slotProps={{ inputLabel: { shrink: true } }}
        title={say('preview.atHint')}
      />
    </Box>
  )
}
