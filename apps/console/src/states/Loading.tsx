import { Box, Card, Skeleton } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../i18n/text.ts'

/** Shorter waits show nothing, so that quick answers do not flicker. */
const SHOWN_AFTER_MS = 300

/** What a page looks like before its figures are there: the final layout in grey. */
function Loading({ children }: { children: ReactNode }) {
  const { say } = useText()
  return (
    <Box
      role="status"
      aria-label={say('common.loading')}
      sx={{
        animation: `appear 1ms ${SHOWN_AFTER_MS}ms both`,
        '@keyframes appear': { from: { opacity: 0 }, to: { opacity: 1 } },
      }}
    >
      {children}
    </Box>
  )
}

/** A table of so many rows. */
export function RowsSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <Loading>
      <Card sx={{ p: 2 }}>
        {Array.from({ length: rows }, (_, row) => (
          <Skeleton key={row} height={38} sx={{ transform: 'none', my: 1, borderRadius: '6px' }} />
        ))}
      </Card>
    </Loading>
  )
}

/** A block of a known height, such as a chart. */
export function BlockSkeleton({ height }: { height: number }) {
  return (
    <Loading>
      <Skeleton variant="rounded" height={height} sx={{ borderRadius: '12px' }} />
    </Loading>
  )
}

/** A whole page whose code is still on its way. */
export function PageSkeleton() {
  return (
    <Loading>
      <Skeleton width={220} height={40} sx={{ transform: 'none' }} />
      <Skeleton width="min(420px, 80%)" height={22} sx={{ transform: 'none', mt: 1, mb: 4 }} />
      <Skeleton variant="rounded" height={320} sx={{ borderRadius: '12px' }} />
    </Loading>
  )
}
