import DeleteIcon from '@mui/icons-material/DeleteOutlined'
import EditIcon from '@mui/icons-material/EditOutlined'
import DownIcon from '@mui/icons-material/KeyboardArrowDown'
import UpIcon from '@mui/icons-material/KeyboardArrowUp'
import SecretIcon from '@mui/icons-material/KeyOutlined'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Tooltip from '@mui/material/Tooltip'
import Typography from '@mui/material/Typography'
import type { ProviderKey } from '@turnpike/contract'
import type { ReactNode } from 'react'
import { share } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { plainName } from '../models/plain-name.ts'
import { useMay } from '../session.ts'
import { partOf, stepOf, type Level, type Step } from './order.ts'
import { CredentialStatusChip } from './StatusChip.tsx'
import { TestResult } from './TestResult.tsx'
import type { Tests } from './tests.ts'

export type KeyAct = 'edit' | 'secret' | 'delete'

export interface KeyRowProps {
  readonly apiKey: ProviderKey
  /** From 1; null for a key that shares the rank of the key above. */
  readonly rank: number | null
  readonly levels: readonly Level[]
  readonly level: Level
  readonly tests: Tests
  readonly onAct: (what: KeyAct, key: ProviderKey) => void
  readonly onMove: (changes: Step['changes']) => void
  readonly isMoving: boolean
}

/** One key: where it stands, what is left of it, and whether it works. */
export function KeyRow({ apiKey, rank, level, tests, ...acting }: KeyRowProps) {
  const { say, locale } = useText()
  const mayUpdate = useMay('provider-keys:update')
  const part = partOf(apiKey, level)
  return (
    <Box
      component="li"
      sx={{
        display: 'grid',
        gridTemplateColumns: '26px minmax(0, 1fr)',
        py: 1.25,
        ...(rank !== 1 && { borderTop: rank === null ? '1px dashed' : '1px solid', borderColor: 'divider' }),
      }}
    >
      <Box sx={{ fontWeight: 650, pt: 0.25 }}>{rank}</Box>
      <Box sx={{ minWidth: 0 }}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: '4px 12px', alignItems: 'center' }}>
          <Box sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>{apiKey.name}</Box>
          <code>····{apiKey.lastFour}</code>
          <CredentialStatusChip row={apiKey} />
          {level.length > 1 && (
            <Typography variant="caption">{say('providerKeys.part', { part: share(part, locale) })}</Typography>
          )}
          <Limits apiKey={apiKey} />
          <Box sx={{ flex: 1 }} />
          {mayUpdate && <Actions apiKey={apiKey} tests={tests} {...acting} />}
        </Box>
        <TestResult state={tests.of(apiKey.id)} kind="provider-keys" server={plainName(apiKey.providerName)} />
      </Box>
    </Box>
  )
}

/** What it is kept to; nothing where it serves everything. */
function Limits({ apiKey: { models, keys } }: { apiKey: ProviderKey }) {
  const { say } = useText()
  const said = [
    models && say('providerKeys.onlyModels', { models: models.join(', ') }),
    keys && say('providerKeys.onlyKeys', { keys: keys.map(({ name, id }) => name ?? id).join(', ') }),
  ].filter((words) => words !== null)
  if (said.length === 0) return null
  return (
    <Typography variant="caption" sx={{ overflowWrap: 'anywhere' }}>
      {said.join(' · ')}
    </Typography>
  )
}

type ActionsProps = Omit<KeyRowProps, 'rank' | 'level'>

function Actions({ apiKey, levels, tests, onAct, onMove, isMoving }: ActionsProps) {
  const { say } = useText()
  const earlier = stepOf(levels, apiKey, -1)
  const later = stepOf(levels, apiKey, 1)
  const isAlone = levels.length === 1 && levels[0]?.length === 1
  const words = (step: Step | null, by: 'up' | 'down') =>
    step ? say(`providerKeys.${by}_${step.kind}`, { other: step.neighbour.name }) : say(`providerKeys.${by}_none`)
  return (
    <Box
      role="group"
      aria-label={say('common.actionsFor', { name: apiKey.name })}
      sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', my: -0.75, ml: { xs: -1, sm: 0 } }}
    >
      <Button
        size="small"
        disabled={tests.of(apiKey.id)?.kind === 'running'}
        onClick={() => tests.run({ kind: 'provider-keys', ...apiKey })}
      >
        {say('providerKeys.test')}
      </Button>
      {!isAlone && (
        <>
          <Act label={words(earlier, 'up')} isOff={!earlier || isMoving} onClick={() => onMove(earlier?.changes ?? [])}>
            <UpIcon fontSize="small" />
          </Act>
          <Act label={words(later, 'down')} isOff={!later || isMoving} onClick={() => onMove(later?.changes ?? [])}>
            <DownIcon fontSize="small" />
          </Act>
        </>
      )}
      <Act label={say('providerKeys.edit')} onClick={() => onAct('edit', apiKey)}>
        <EditIcon fontSize="small" />
      </Act>
      <Act label={say('providerKeys.state_moved')} onClick={() => onAct('secret', apiKey)}>
        <SecretIcon fontSize="small" />
      </Act>
      <Act label={say('providerKeys.delete')} onClick={() => onAct('delete', apiKey)}>
        <DeleteIcon fontSize="small" />
      </Act>
    </Box>
  )
}

interface ActProps {
  readonly label: string
  readonly isOff?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

/** A button with a picture. One that leads nowhere stays reachable, so that the focus is not lost on the way up a list. */
export function Act({ label, isOff = false, onClick, children }: ActProps) {
  return (
    <Tooltip title={label}>
      <IconButton
        aria-label={label}
        aria-disabled={isOff}
        onClick={isOff ? undefined : onClick}
        sx={isOff ? { opacity: 0.4, cursor: 'default' } : {}}
      >
        {children}
      </IconButton>
    </Tooltip>
  )
}
