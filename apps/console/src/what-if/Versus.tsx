import ArrowIcon from '@mui/icons-material/ArrowRightAltOutlined'
import { Box } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../i18n/text.ts'

/** What happened, an arrow, and what is predicted; read aloud in words. */
export function Versus({ happened, predicted }: { happened: ReactNode; predicted: ReactNode }) {
  const { say } = useText()
  return (
    <Box component="span" sx={{ display: 'inline-flex', flexWrap: 'wrap', columnGap: 0.75, alignItems: 'baseline' }}>
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {happened}
      </Box>
      <ArrowIcon
        titleAccess={say('whatIf.wouldBe')}
        sx={{ fontSize: 16, alignSelf: 'center', color: 'text.secondary' }}
      />
      <Box component="span" sx={{ fontWeight: 600 }}>
        {predicted}
      </Box>
    </Box>
  )
}
