import InsightsIcon from '@mui/icons-material/BarChartOutlined'
import ProviderKeyIcon from '@mui/icons-material/CableOutlined'
import KeyIcon from '@mui/icons-material/KeyOutlined'
import LogoutIcon from '@mui/icons-material/LogoutOutlined'
import PolicyIcon from '@mui/icons-material/AltRouteOutlined'
import ModelIcon from '@mui/icons-material/HubOutlined'
import RequestIcon from '@mui/icons-material/SwapHorizOutlined'
import SettingsIcon from '@mui/icons-material/TuneOutlined'
import StartIcon from '@mui/icons-material/FlagOutlined'
import WhatIfIcon from '@mui/icons-material/CompareArrowsOutlined'
import { Box, ButtonBase } from '@mui/material'
import type { SvgIconComponent } from '@mui/icons-material'
import { useLogout } from 'react-admin'
import { Link, NavLink } from 'react-router-dom'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'
import { Clipped } from '../parts/Clipped.tsx'
import { Money } from '../parts/Money.tsx'
import { useSession } from '../session.ts'
import { Logo } from './Logo.tsx'
import { pagesFor, type PageName } from './pages.ts'

const ICONS: Record<PageName, SvgIconComponent> = {
  start: StartIcon,
  usage: InsightsIcon,
  requests: RequestIcon,
  keys: KeyIcon,
  'provider-keys': ProviderKeyIcon,
  policies: PolicyIcon,
  'what-if': WhatIfIcon,
  models: ModelIcon,
  settings: SettingsIcon,
}

/** The menu. It lists what the role may open and nothing else. */
export function Navigation({ onFollow }: { onFollow: () => void }) {
  const { say } = useText()
  const { permissions } = useSession()
  return (
    <Box
      sx={{
        display: 'flex',
        flexDirection: 'column',
        minHeight: '100%',
        p: 2,
        pt: 2.5,
        gap: 2.5,
        color: 'gate.roadText',
      }}
    >
      <Box
        component={Link}
        to="/"
        onClick={onFollow}
        aria-label="Turnpike"
        sx={{ textDecoration: 'none', pl: 0.75, borderRadius: 1 }}
      >
        <Logo />
      </Box>
      <Box component="nav" aria-label={say('common.navigation')}>
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.25 }}>
          {pagesFor(permissions).map((page) => (
            <li key={page}>
              <Item page={page} label={`nav.${page}`} onFollow={onFollow} />
            </li>
          ))}
        </Box>
      </Box>
      <Box sx={{ flex: 1 }} />
      <Account />
    </Box>
  )
}

function Item({ page, label, onFollow }: { page: PageName; label: TextKey; onFollow: () => void }) {
  const { say } = useText()
  const Icon = ICONS[page]
  return (
    <ButtonBase
      component={NavLink}
      to={`/${page}`}
      onClick={onFollow}
      sx={{
        width: '100%',
        justifyContent: 'flex-start',
        gap: 1.5,
        px: 1.25,
        py: 1,
        borderRadius: 1,
        position: 'relative',
        fontSize: '0.9375rem',
        fontFamily: 'inherit',
        color: 'gate.roadMuted',
        '&:hover': { color: 'gate.roadText', backgroundColor: 'gate.roadRaised' },
        '&.active': { color: 'gate.roadText', backgroundColor: 'gate.roadRaised', fontWeight: 600 },
        // The dash of a road's centre line marks where one is.
        '&.active::before': {
          content: '""',
          position: 'absolute',
          left: -8,
          width: 4,
          height: 20,
          borderRadius: 1,
          backgroundColor: 'gate.amber',
        },
      }}
    >
      <Icon sx={{ fontSize: 20 }} />
      {say(label)}
    </ButtonBase>
  )
}

function Account() {
  const { say } = useText()
  const logout = useLogout()
  const { user, organisation } = useSession()
  return (
    <Box sx={{ borderTop: '1px solid', borderColor: 'gate.roadRaised', pt: 2, px: 0.75, fontSize: '0.875rem' }}>
      <Box sx={{ fontWeight: 600 }}>
        <Clipped text={organisation.name} />
      </Box>
      <Box sx={{ color: 'gate.roadMuted', fontSize: '0.8125rem' }}>
        <Clipped text={user.email} />
      </Box>
      <Box sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', mt: 1.25, gap: 1 }}>
        <Box sx={{ color: 'gate.roadMuted', fontSize: '0.8125rem' }}>
          {say('nav.balance')}{' '}
          <Box component="span" sx={{ color: 'gate.roadText', fontWeight: 600 }}>
            <Money nano={organisation.balanceNano} />
          </Box>
        </Box>
        <ButtonBase
          onClick={() => void logout(undefined, undefined, false)}
          sx={{
            gap: 0.75,
            px: 1,
            py: 0.5,
            mr: -0.5,
            borderRadius: 1,
            color: 'gate.roadMuted',
            font: 'inherit',
            fontSize: '0.8125rem',
            '&:hover': { color: 'gate.roadText' },
          }}
        >
          <LogoutIcon sx={{ fontSize: 16 }} />
          {say('nav.signOut')}
        </ButtonBase>
      </Box>
    </Box>
  )
}
