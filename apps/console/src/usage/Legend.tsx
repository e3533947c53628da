import { Box } from '@mui/material'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'

interface LegendProps {
  readonly series: readonly { readonly id: string; readonly label: string; readonly color: string }[]
}

/** What each colour of a chart stands for. */
export function Legend({ series }: LegendProps) {
  return (
    <Box
      component="ul"
      sx={{ listStyle: 'none', m: 0, mt: 1.5, p: 0, display: 'flex', flexWrap: 'wrap', gap: '6px 18px' }}
    >
      {series.map(({ id, label, color }) => (
        <Box
          component="li"
          key={id}
          sx={{ display: 'flex', alignItems: 'center', gap: 1, minWidth: 0, fontSize: '0.8125rem' }}
        >
          <Box
            aria-hidden="true"
            sx={{ width: 14, height: 14, borderRadius: '3px', flexShrink: 0, backgroundColor: color }}
          />
          <Clipped text={label} chars={NAME_CHARS_MAX} />
        </Box>
      ))}
    </Box>
  )
}
