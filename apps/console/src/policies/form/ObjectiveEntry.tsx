import { Box, FormControlLabel, FormHelperText, Radio, RadioGroup, Typography } from '@mui/material'
import { OBJECTIVES } from '@turnpike/domain/lists'
import { useText } from '../../i18n/text.ts'
import { textOf } from '../../draft/draft.ts'
import { useEntry } from '../../draft/state.ts'

/** What goes first. */
export function ObjectiveEntry() {
  const { say } = useText()
  const { value, error, set } = useEntry(['objective'])
  return (
    <>
      <RadioGroup
        aria-label={say('policies.field_objective')}
        value={textOf(value)}
        onChange={(_event, chosen) => set(chosen || undefined)}
        sx={{ gap: 0.5 }}
      >
        <Strategy value="" label={say('policies.inherit')} meaning={say('policies.inheritText')} />
        {OBJECTIVES.map((name) => (
          <Strategy
            key={name}
            value={name}
            label={say(`request.objective_${name}`)}
            meaning={say(`policies.meaning_${name}`)}
          />
        ))}
      </RadioGroup>
      {error && <FormHelperText error>{error}</FormHelperText>}
    </>
  )
}

function Strategy({ value, label, meaning }: { value: string; label: string; meaning: string }) {
  const words = (
    <Box sx={{ py: 0.5 }}>
      <Box
        component="span"
        sx={{ display: 'block', fontWeight: 600, '::first-letter': { textTransform: 'uppercase' } }}
      >
        {label}
      </Box>
      <Typography variant="caption" component="span" sx={{ display: 'block' }}>
        {meaning}
      </Typography>
    </Box>
  )
  return (
    <FormControlLabel value={value} control={<Radio size="small" />} label={words} sx={{ alignItems: 'flex-start' }} />
  )
}
