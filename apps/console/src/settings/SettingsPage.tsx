import { Box, Button, Card, Chip, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { useLogout } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Money } from '../parts/Money.tsx'
import { useMay, useSession } from '../session.ts'
import { Page } from '../shell/Page.tsx'
import { LocalePicker, ThemePicker } from '../shell/pickers.tsx'
import { OrganisationForm } from './OrganisationForm.tsx'
import { Security } from './Security.tsx'

/** Who one is here, where the API is, and how the console looks on this device. */
export default function SettingsPage() {
  const { say } = useText()
  const logout = useLogout()
  const { user, organisation, workspace, role, apiBase } = useSession()
  const mayChange = useMay('organisation:update')
  return (
    <Page title={say('nav.settings')} text={say('settings.text')}>
      <Box sx={{ ...ONE_COLUMN, gap: 2.5, maxWidth: 760 }}>
        <Section title={say('settings.organisation')}>
          <Fact label={say('common.name')}>{organisation.name}</Fact>
          <Fact label={say('settings.workspace')}>{workspace.name}</Fact>
          <Fact label={say('nav.balance')} note={say(`settings.funds_${organisation.funds}`)}>
            <Money nano={organisation.balanceNano} />
          </Fact>
          <Fact label={say('settings.organisationId')}>
            <Copyable text={organisation.id} />
          </Fact>
          <Fact label={say('start.baseUrl')}>
            <Copyable text={apiBase} />
          </Fact>
        </Section>
        {mayChange && (
          <Panel title={say('settings.organisationChange')}>
            <OrganisationForm />
          </Panel>
        )}
        <Section title={say('settings.person')}>
          <Fact label={say('common.email')}>
            {user.email}{' '}
            {user.emailVerified && (
              <Chip size="small" variant="outlined" color="success" label={say('settings.verified')} />
            )}
          </Fact>
          <Fact label={say('settings.role')}>{say(`settings.role_${role}`)}</Fact>
          <Fact label={say('nav.signOut')} note={say('settings.signOutText')}>
            <Button variant="outlined" color="inherit" onClick={() => void logout(undefined, undefined, false)}>
              {say('nav.signOut')}
            </Button>
          </Fact>
        </Section>
        <Panel title={say('security.title')}>
          <Security />
        </Panel>
        <Section title={say('nav.theme')}>
          <Fact label={say('nav.theme')}>
            <ThemePicker />
          </Fact>
          <Fact label={say('settings.language')}>
            <LocalePicker />
          </Fact>
        </Section>
      </Box>
    </Page>
  )
}

/** Facts, each with its name. */
function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Panel title={title}>
      <Box component="dl" sx={{ m: 0, ...ONE_COLUMN, gap: 2 }}>
        {children}
      </Box>
    </Panel>
  )
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card component="section" aria-label={title} sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography variant="h2" sx={{ mb: 2 }}>
        {title}
      </Typography>
      {children}
    </Card>
  )
}

function Fact({ label, note, children }: { label: string; note?: string; children: ReactNode }) {
  return (
    <Box sx={{ display: 'grid', gridTemplateColumns: { xs: '1fr', sm: '200px 1fr' }, columnGap: 2, rowGap: 0.5 }}>
      <Box component="dt" sx={{ color: 'text.secondary' }}>
        {label}
      </Box>
      <Box component="dd" sx={{ m: 0, minWidth: 0, overflowWrap: 'anywhere' }}>
        {children}
        {note && (
          <Typography variant="caption" component="p">
            {note}
          </Typography>
        )}
      </Box>
    </Box>
  )
}

function Copyable({ text }: { text: string }) {
  const { say } = useText()
  return (
    <Box component="span" sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5 }}>
      <code>{text}</code>
      <CopyButton text={text} label={say('models.copySlug', { slug: text })} />
    </Box>
  )
}
