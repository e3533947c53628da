import Box from '@mui/material/Box'
import Card from '@mui/material/Card'
import Typography from '@mui/material/Typography'
import { useState, type ReactNode, type SyntheticEvent } from 'react'
import { useText } from '../../i18n/text.ts'
import { errorAt } from './draft.ts'
import { useDraft } from './draft-state.ts'
import { SECTIONS, type SectionName } from './vocabulary.ts'
import { summaryOf } from './words.ts'

/** A part of the form that folds away. Folded it says in a line what is set; what has an error is open. */
export function Section({ name, text, children }: { name: SectionName; text?: string; children: ReactNode }) {
  const { say } = useText()
  const { draft, errors } = useDraft()
  const fields: readonly string[] = SECTIONS[name]
  const summary = summaryOf(draft, fields, say)
  const hasError = fields.some((field) => errorAt(errors, [field]) !== null)
  const [isOpen, setIsOpen] = useState(summary !== null || name === 'objective')
  const toggle = (event: SyntheticEvent<HTMLDetailsElement>) => setIsOpen(event.currentTarget.open)
  return (
    <Card component="details" open={isOpen || hasError} onToggle={toggle}>
      <Box component="summary" sx={{ px: { xs: 2, sm: 2.5 }, py: 1.5, cursor: 'pointer' }}>
        <Typography variant="h2" component="h2" sx={{ display: 'inline' }}>
          {say(`policies.section_${name}`)}
        </Typography>
        {!isOpen && !hasError && (
          <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere', pl: 2 }}>
            {summary ?? say('policies.section_unset')}
          </Typography>
        )}
      </Box>
      <Box sx={{ px: { xs: 2, sm: 2.5 }, pb: 2.5, display: 'grid', gap: 2 }}>
        {text && (
          <Typography variant="body2" color="textSecondary">
            {text}
          </Typography>
        )}
        {children}
      </Box>
    </Card>
  )
}
