import Box from '@mui/material/Box'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormHelperText from '@mui/material/FormHelperText'
import Radio from '@mui/material/Radio'
import RadioGroup from '@mui/material/RadioGroup'
import Typography from '@mui/material/Typography'
import { OBJECTIVES } from '@turnpike/domain/lists'
import { useText } from '../../i18n/text.ts'
import { textOf } from '../../draft/draft.ts'
import { useEntry } from '../../draft/state.ts'
import { NamesEntry, SharesEntry, type Options } from '../../draft/NamesEntry.tsx'
import { Section } from './Section.tsx'

/** What goes first. Only the two objectives that need more words ask for them. */
export function ObjectiveSection({ providers }: { providers: Options }) {
  const { say } = useText()
  const { value, error, set } = useEntry(['objective'])
  const objective = textOf(value)
  return (
    <Section
      name="objective"
      text={say('policies.section_objectiveText')}
      entries={{
        objective: (
          <>
            <RadioGroup
              aria-label={say('policies.field_objective')}
              value={objective}
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
        ),
        order: objective === 'pinned' && (
          <NamesEntry ordered path={['order']} label={say('policies.field_order')} options={providers} />
        ),
        shares: objective === 'weighted' && (
          <SharesEntry path={['shares']} label={say('policies.field_shares')} options={providers} />
        ),
      }}
    />
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
