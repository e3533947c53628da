import { Box, Typography } from '@mui/material'
import { useText } from '../../i18n/text.ts'
import { differenceOf } from './difference.ts'
import { ONE_COLUMN } from '../../parts/Clipped.tsx'
import { labelOf, wordsOf } from '../form/words.ts'

interface ChangesProps {
  readonly before: object
  readonly after: object
}

/** What differs between two documents, field by field, in words. */
export function Changes({ before, after }: ChangesProps) {
  const { say } = useText()
  const changes = differenceOf(before, after)
  if (changes.length === 0) return <Typography color="textSecondary">{say('policy.same')}</Typography>
  return (
    <Box component="dl" sx={{ m: 0, ...ONE_COLUMN, gap: 1.5 }}>
      {changes.map((change) => (
        <Box key={change.field} sx={{ minWidth: 0 }}>
          <Box component="dt" sx={{ fontWeight: 600 }}>
            {labelOf(change.field, say)}
          </Box>
          <Side label={say('policy.before')} text={wordsOf(change.field, change.before, say)} isPast />
          <Side label={say('policy.after')} text={wordsOf(change.field, change.after, say)} />
        </Box>
      ))}
    </Box>
  )
}

function Side({ label, text, isPast = false }: { label: string; text: string; isPast?: boolean }) {
  return (
    <Box
      component="dd"
      sx={{
        m: 0,
        pl: 1.25,
        display: 'grid',
        gridTemplateColumns: '76px 1fr',
        borderLeft: '3px solid',
        borderColor: isPast ? 'divider' : 'gate.amber',
        color: isPast ? 'text.secondary' : 'text.primary',
      }}
    >
      <span>{label}</span>
      <Box component="span" sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        {text}
      </Box>
    </Box>
  )
}
