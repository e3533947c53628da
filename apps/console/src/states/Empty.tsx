import { Box, Card, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { GateArm } from '../parts/GateArm.tsx'
import { PageHeading } from '../parts/PageHeading.tsx'

interface EmptyProps {
  /** `unused`: there never was anything. `filtered`: there is something, but not with these filters. */
  readonly kind: 'unused' | 'filtered'
  readonly title: string
  readonly text: ReactNode
  readonly action?: ReactNode
  /** `h1` where nothing else heads the page. */
  readonly heading?: 'h1' | 'h2'
}

/** Why there is nothing to see, and the one thing to do about it. */
export function Empty({ kind, title, text, action, heading = 'h2' }: EmptyProps) {
  return (
    <Card sx={{ display: 'grid', justifyItems: 'center', textAlign: 'center', gap: 1, px: 3, py: { xs: 5, md: 7 } }}>
      {kind === 'unused' && <GateArm open={false} width={132} />}
      <Box sx={{ mt: 1, minWidth: 0 }}>
        {heading === 'h1' ? (
          <PageHeading variant="h2">{title}</PageHeading>
        ) : (
          <Typography variant="h2">{title}</Typography>
        )}
      </Box>
      <Typography color="textSecondary" sx={{ maxWidth: 460 }}>
        {text}
      </Typography>
      {action && <Box sx={{ mt: 1.5 }}>{action}</Box>}
    </Card>
  )
}
