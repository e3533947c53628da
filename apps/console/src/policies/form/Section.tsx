import { Box, Card, Typography } from '@mui/material'
import type { PolicyField, PolicySection } from '@turnpike/domain'
import { Fragment, useState, type ReactNode, type SyntheticEvent } from 'react'
import { useText } from '../../i18n/text.ts'
import { errorAt } from '../../draft/draft.ts'
import { useDraft } from '../../draft/state.ts'
import { fieldsIn } from './vocabulary.ts'
import { summaryOf } from './words.ts'
import { ONE_COLUMN } from '../../parts/Clipped.tsx'

interface SectionProps {
  readonly name: PolicySection
  readonly entries: Readonly<Record<PolicyField, ReactNode>>
}

/** A part of the form that folds to a line of what is set; what has an error is open. */
export function Section({ name, entries }: SectionProps) {
  const { say } = useText()
  const { draft, errors } = useDraft()
  const fields = fieldsIn(name)
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
      <Box sx={{ px: { xs: 2, sm: 2.5 }, pb: 2.5, ...ONE_COLUMN, gap: 2 }}>
        {name !== 'failover' && name !== 'reach' && (
          <Typography variant="body2" color="textSecondary">
            {say(`policies.${name}Text`)}
          </Typography>
        )}
        {Object.entries(entries)
          .filter(([field]) => fields.includes(field))
          .map(([field, entry]) => (
            <Fragment key={field}>{entry}</Fragment>
          ))}
      </Box>
    </Card>
  )
}
