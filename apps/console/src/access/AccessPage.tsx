import { Box, Typography } from '@mui/material'
import { useEffect, type ReactNode } from 'react'
import { useText } from '../i18n/text.ts'
import { PageHeading } from '../parts/PageHeading.tsx'
import { LocalePicker } from '../shell/pickers.tsx'
import { Logo } from '../shell/Logo.tsx'
import { RoadIllustration } from './RoadIllustration.tsx'

interface AccessPageProps {
  readonly title: string
  readonly text: string
  readonly children: ReactNode
}

/** The frame of the sign-up, sign-in and verify pages: the product on the left, the form on the right. */
export function AccessPage({ title, text, children }: AccessPageProps) {
  useEffect(() => {
    document.title = `${title} · Turnpike`
  }, [title])
  return (
    <Box
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: '1fr', md: 'minmax(360px, 5fr) 6fr' },
        minHeight: '100dvh',
        gridTemplateRows: { xs: 'auto 1fr', md: '1fr' },
      }}
    >
      <Pitch />
      <Box
        component="main"
        sx={{ display: 'flex', flexDirection: 'column', px: { xs: 2.5, sm: 6 }, py: { xs: 4, md: 4 } }}
      >
        <Box
          sx={{
            flex: 1,
            display: 'grid',
            alignContent: { xs: 'start', md: 'center' },
            justifyContent: 'center',
            gridTemplateColumns: 'minmax(0, 400px)',
          }}
        >
          <PageHeading>{title}</PageHeading>
          <Typography color="textSecondary" sx={{ mt: 1, mb: 3.5 }}>
            {text}
          </Typography>
          {children}
        </Box>
        <Box sx={{ display: 'flex', justifyContent: 'center', mt: 5 }}>
          <LocalePicker />
        </Box>
      </Box>
    </Box>
  )
}

function Pitch() {
  const { say } = useText()
  return (
    <Box
      component="aside"
      aria-label="Turnpike"
      sx={{
        position: 'relative',
        overflow: 'hidden',
        backgroundColor: 'gate.road',
        color: 'gate.roadText',
        p: { xs: 2.5, md: 6 },
        display: 'flex',
        flexDirection: 'column',
        justifyContent: 'space-between',
      }}
    >
      <Logo />
      <Box sx={{ display: { xs: 'none', md: 'block' }, position: 'absolute', inset: '16% 0 auto 0' }}>
        <RoadIllustration />
      </Box>
      <Box sx={{ display: { xs: 'none', md: 'block' }, position: 'relative' }}>
        <Typography
          component="p"
          sx={{ fontSize: '2rem', fontWeight: 680, letterSpacing: '-0.025em', lineHeight: 1.15, mb: 2.5 }}
        >
          {say('brand.line')}
        </Typography>
        <Box
          component="ul"
          sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1.25, color: 'gate.roadMuted', maxWidth: 440 }}
        >
          {(['access.pitch1', 'access.pitch2', 'access.pitch3'] as const).map((key) => (
            <Box component="li" key={key} sx={{ display: 'flex', gap: 1.5 }}>
              <Box
                aria-hidden="true"
                sx={{ mt: 1.25, width: 14, height: 3, borderRadius: 1, flexShrink: 0, backgroundColor: 'gate.amber' }}
              />
              {say(key)}
            </Box>
          ))}
        </Box>
      </Box>
    </Box>
  )
}
