import PolicyIcon from '@mui/icons-material/AltRouteOutlined'
import RevokeIcon from '@mui/icons-material/BlockOutlined'
import RenameIcon from '@mui/icons-material/EditOutlined'
import RequestsIcon from '@mui/icons-material/SwapHorizOutlined'
import { Box, Chip, IconButton, Link, Tooltip } from '@mui/material'
import type { ApiKey } from '@turnpike/contract'
import { Link as RouterLink } from 'react-router-dom'
import { ago } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { IconAction } from '../parts/IconAction.tsx'
import { Moment } from '../parts/Moment.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { useMay } from '../session.ts'
import { statusOf } from './status.ts'

export type KeyAct = 'policy' | 'rename' | 'revoke'
type Act = (what: KeyAct, key: ApiKey) => void

/** Keys by name and by what is left of them: prefix and last four characters. */
export function KeyTable({ keys, onAct }: { keys: readonly ApiKey[]; onAct: Act }) {
  const { say, locale } = useText()
  const nowMs = Date.now()
  const columns: Column<ApiKey>[] = [
    { id: 'name', label: say('common.name'), phone: 'title', render: (key) => <Name apiKey={key} /> },
    { id: 'state', label: say('common.status'), render: (key) => <KeyStatus apiKey={key} nowMs={nowMs} /> },
    { id: 'created', label: say('keys.created'), render: (key) => <Moment short at={key.createdAt} /> },
    { id: 'policy', label: say('policy.keyPolicy'), render: (key) => <KeyPolicy apiKey={key} /> },
    {
      id: 'used',
      label: say('keys.lastUsed'),
      render: (key) => (key.lastUsedAt ? ago(key.lastUsedAt, nowMs, locale) : say('common.never')),
    },
    {
      id: 'expires',
      label: say('keys.expires'),
      render: (key) => (key.expiresAt ? <Moment short at={key.expiresAt} /> : say('common.never')),
    },
    {
      id: 'actions',
      label: say('common.actions'),
      phone: 'title',
      numeric: true,
      render: (key) => <Actions apiKey={key} onAct={onAct} />,
    },
  ]
  return <RecordTable label={say('nav.keys')} rows={keys} columns={columns} rowId={({ id }) => id} />
}

function Name({ apiKey }: { apiKey: ApiKey }) {
  const { say } = useText()
  return (
    <Box>
      <Box sx={{ fontWeight: 600, display: 'flex', gap: 1, alignItems: 'center' }}>
        <Clipped text={apiKey.name} chars={NAME_CHARS_MAX} />
        {apiKey.kind !== 'live' && <Chip size="small" variant="outlined" label={say(`keys.${apiKey.kind}`)} />}
      </Box>
      <Box component="code" sx={{ color: 'text.secondary', fontSize: '0.8125rem' }}>
        {apiKey.label}
      </Box>
    </Box>
  )
}

const COLOURS = { active: 'success', expired: 'warning', revoked: 'default' } as const

function KeyStatus({ apiKey, nowMs }: { apiKey: ApiKey; nowMs: number }) {
  const { say } = useText()
  const state = statusOf(apiKey, nowMs)
  return <Chip size="small" variant="outlined" color={COLOURS[state]} label={say(`keys.${state}`)} />
}

/** Its own policy, with the way to it. Management keys answer no requests and have none. */
function KeyPolicy({ apiKey: { kind, policy } }: { apiKey: ApiKey }) {
  const { say } = useText()
  if (kind === 'mgmt') return say('common.none')
  if (!policy) return <Box sx={{ color: 'text.secondary' }}>{say('policy.keyNone')}</Box>
  return (
    <Link component={RouterLink} to={`/policies/${policy.id}`}>
      <Clipped text={policy.name} chars={NAME_CHARS_MAX} />
    </Link>
  )
}

function Actions({ apiKey, onAct }: { apiKey: ApiKey; onAct: Act }) {
  const { say } = useText()
  const mayRead = useMay('requests:read')
  const mayAttach = useMay('policies:update') && apiKey.kind !== 'mgmt' && apiKey.revokedAt === null
  const mayRename = useMay('keys:update')
  const mayRevoke = useMay('keys:revoke')
  return (
    <Box role="group" aria-label={say('common.actionsFor', { name: apiKey.name })} sx={{ whiteSpace: 'nowrap' }}>
      {mayRead && (
        <Tooltip title={say('keys.requests')}>
          <IconButton component={RouterLink} to={`/requests?keyId=${apiKey.id}`} aria-label={say('keys.requests')}>
            <RequestsIcon fontSize="small" />
          </IconButton>
        </Tooltip>
      )}
      {mayAttach && (
        <IconAction label={say('policy.keyAction')} icon={PolicyIcon} onClick={() => onAct('policy', apiKey)} />
      )}
      {mayRename && (
        <IconAction label={say('common.rename')} icon={RenameIcon} onClick={() => onAct('rename', apiKey)} />
      )}
      {mayRevoke && apiKey.revokedAt === null && (
        <IconAction label={say('keys.revoke')} icon={RevokeIcon} onClick={() => onAct('revoke', apiKey)} />
      )}
    </Box>
  )
}
