import MenuIcon from '@mui/icons-material/Menu'
import { AppBar, Box, Drawer, IconButton, Toolbar } from '@mui/material'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, useState, type ReactNode } from 'react'
import { Navigate, useLocation } from 'react-router-dom'
import { SIGN_IN_PATH } from '../authProvider.ts'
import { useText } from '../i18n/text.ts'
import { useLive, useLiveStream } from '../live.ts'
import { sessionQuery } from '../session.ts'
import { PageSkeleton } from '../states/Loading.tsx'
import { Stale } from '../states/Stale.tsx'
import { Unreachable } from '../states/Unreachable.tsx'
import { FailingKeysBanner } from '../provider-keys/FailingKeysBanner.tsx'
import { Logo } from './Logo.tsx'
import { Navigation } from './Navigation.tsx'
import { SignInDialog } from './SignInDialog.tsx'

const SIDEBAR_WIDTH = 248
const MAIN_ID = 'main'

/** The frame of every signed-in page. It renders pages only once the session is known and the address verified. */
export function Shell({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery)
  const { pathname, search } = useLocation()
  if (session.data === null) {
    return <Navigate to={SIGN_IN_PATH} state={{ nextPathname: pathname, nextSearch: search }} replace />
  }
  if (session.data && !session.data.user.emailVerified) return <Navigate to="/verify" replace />
  if (session.error && !session.data) {
    const retry = () => void session.refetch()
    return <Unreachable error={session.error} isRetrying={session.isFetching} onRetry={retry} />
  }
  return (
    <Frame menu={session.data ? (close) => <Navigation onFollow={close} /> : () => null}>
      <Suspense fallback={<PageSkeleton />}>
        {session.data ? (
          <SignedIn>
            {session.error && (
              <Stale error={session.error} updatedAtMs={session.dataUpdatedAt} onRetry={() => void session.refetch()} />
            )}
            <FailingKeysBanner />
            <SignInDialog />
            {children}
          </SignedIn>
        ) : (
          <PageSkeleton />
        )}
      </Suspense>
    </Frame>
  )
}

function SignedIn({ children }: { children: ReactNode }) {
  const queryClient = useQueryClient()
  useLiveStream()
  // The credit in the menu follows what is spent, but no more often than the session grows stale.
  useLive('request', () => void queryClient.refetchQueries({ queryKey: sessionQuery.queryKey, stale: true }))
  useLive('key', () => void queryClient.invalidateQueries({ queryKey: ['keys'] }))
  return children
}

function Frame({ menu, children }: { menu: (close: () => void) => ReactNode; children: ReactNode }) {
  const { say } = useText()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  const paper = { width: SIDEBAR_WIDTH, backgroundColor: 'gate.road', color: 'gate.roadText', border: 0 }
  return (
    <Box sx={{ display: 'flex', minHeight: '100dvh' }}>
      <SkipLink />
      <AppBar
        position="fixed"
        elevation={0}
        sx={{ display: { md: 'none' }, backgroundColor: 'gate.road', backgroundImage: 'none', color: 'gate.roadText' }}
      >
        <Toolbar sx={{ gap: 1 }}>
          <IconButton color="inherit" edge="start" aria-label={say('common.menu')} onClick={() => setOpen(true)}>
            <MenuIcon />
          </IconButton>
          <Logo />
        </Toolbar>
      </AppBar>
      <Drawer
        open={open}
        onClose={close}
        sx={{ display: { md: 'none' } }}
        slotProps={{ paper: { sx: paper, 'aria-label': say('common.navigation') } }}
      >
        {menu(close)}
      </Drawer>
      <Box
        component="header"
        sx={{ display: { xs: 'none', md: 'block' }, width: SIDEBAR_WIDTH, flexShrink: 0, backgroundColor: 'gate.road' }}
      >
        <Box sx={{ position: 'sticky', top: 0, height: '100dvh', overflowY: 'auto' }}>{menu(close)}</Box>
      </Box>
      <Box
        component="main"
        id={MAIN_ID}
        tabIndex={-1}
        sx={{
          flex: 1,
          minWidth: 0,
          outline: 'none',
          px: { xs: 2, sm: 4 },
          pt: { xs: 11, md: 5 },
          pb: 8,
        }}
      >
        <Box sx={{ maxWidth: 1160, mx: 'auto' }}>{children}</Box>
      </Box>
    </Box>
  )
}

function SkipLink() {
  const { say } = useText()
  return (
    <Box
      component="a"
      href={`#${MAIN_ID}`}
      sx={{
        position: 'fixed',
        zIndex: 2000,
        top: 8,
        left: -9999,
        p: 1.5,
        borderRadius: 1,
        backgroundColor: 'gate.amber',
        color: '#1a1406',
        '&:focus': { left: 8 },
      }}
    >
      {say('common.skip')}
    </Box>
  )
}
