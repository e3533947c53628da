import { Alert, AlertTitle, Box, Button, Typography } from '@mui/material'
import type { Policy } from '@turnpike/contract'
import { useText } from '../../i18n/text.ts'
import { Changes } from './Changes.tsx'
import type { Draft } from '../../draft/draft.ts'

interface ConflictProps {
  readonly newest: Policy
  readonly draft: Draft
  readonly onLoad: () => void
  readonly onOver: () => void
}

/** Another user saved a version. The draft is kept until its author decides. */
export function Conflict({ newest, draft, onLoad, onOver }: ConflictProps) {
  const { say } = useText()
  const { version } = newest
  return (
    <Alert severity="warning" variant="outlined" sx={{ mb: 2.5, backgroundColor: 'background.paper' }}>
      <AlertTitle>{say('policy.conflictTitle', { version })}</AlertTitle>
      <Typography variant="body2" sx={{ mb: 1.5 }}>
        {say('policy.conflictText')}
      </Typography>
      <Changes before={newest.document} after={draft} />
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, mt: 2 }}>
        <Button variant="outlined" color="inherit" onClick={onLoad}>
          {say('policy.conflictLoad', { version })}
        </Button>
        <Button variant="outlined" color="inherit" onClick={onOver}>
          {say('policy.conflictOver')}
        </Button>
      </Box>
    </Alert>
  )
}
