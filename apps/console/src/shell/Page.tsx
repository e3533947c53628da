import { Box, Typography } from '@mui/material'
import { useEffect, type ReactNode } from 'react'
import { Clipped } from '../parts/Clipped.tsx'
import { PageHeading } from '../parts/PageHeading.tsx'

interface PageProps {
  readonly title: string
  readonly text?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** Title, one line of what the page is for, and its actions. */
export function Page({ title, text, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Turnpike`
  }, [title])
  return (
    <>
      <Box
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          alignItems: 'flex-end',
          justifyContent: 'space-between',
          gap: 2,
          mb: 3.5,
        }}
      >
        <Box sx={{ minWidth: 0 }}>
          <PageHeading>
            <Clipped text={title} lines={2} />
          </PageHeading>
          {text && (
            <Typography color="textSecondary" sx={{ mt: 0.75 }}>
              {text}
            </Typography>
          )}
        </Box>
        {actions && <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>{actions}</Box>}
      </Box>
      {children}
    </>
  )
}
