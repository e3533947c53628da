import { Box, LinearProgress } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../i18n/text.ts'

/** Old figures stay in sight under a thin bar while new ones are fetched. */
export function Refreshing({ active, children }: { active: boolean; children: ReactNode }) {
  const { say } = useText()
  return (
    <Box sx={{ position: 'relative' }}>
      {active && (
        <LinearProgress
          aria-label={say('common.refreshing')}
          sx={{ position: 'absolute', top: -8, left: 0, right: 0, height: 2, borderRadius: 1 }}
        />
      )}
      {children}
    </Box>
  )
}
