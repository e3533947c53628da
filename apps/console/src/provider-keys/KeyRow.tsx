import type { SvgIconComponent } from '@mui/icons-material'
import DownIcon from '@mui/icons-material/KeyboardArrowDown'
import UpIcon from '@mui/icons-material/KeyboardArrowUp'
import { Alert, Box, Typography } from '@mui/material'
import type { ProviderKey } from '@turnpike/contract'
import { useState } from 'react'
import { share } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { plainName } from '../models/simulated.ts'
import { ActionAlert } from '../parts/ActionAlert.tsx'
import { IconAction } from '../parts/IconAction.tsx'
import { useMay } from '../session.ts'
import { ActivateDialog } from './ActivateDialog.tsx'
import { partOf, stepOf, type Level, type Step } from './order.ts'
import { ResourceActions } from './ResourceActions.tsx'
import type { ResourceListProps } from './ResourceTab.tsx'
import { CredentialStatusChip } from './StatusChip.tsx'
import { TestResult } from './TestResult.tsx'

export interface KeyRowProps extends Omit<ResourceListProps<ProviderKey>, 'rows'> {
  readonly apiKey: ProviderKey
  /** From 1; null for a key that shares the rank of the key above. */
  readonly rank: number | null
  readonly levels: readonly Level[]
  readonly level: Level
  readonly onMove: (changes: Step['changes']) => void
  readonly isMoving: boolean
}

/** One key: where it stands, what is left of it, and whether it works. */
export function KeyRow({ apiKey, rank, level, tests, onAct, ...moving }: KeyRowProps) {
  const { say, locale } = useText()
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
          <ResourceActions
            row={{ kind: 'provider-keys', ...apiKey }}
            tests={tests}
            onAct={(what) => onAct(what, apiKey)}
          >
            <Movers apiKey={apiKey} {...moving} />
          </ResourceActions>
        </Box>
        {apiKey.awaitsTest && !apiKey.disabled && <NotUsed apiKey={apiKey} />}
        <TestResult state={tests.of(apiKey.id)} kind="provider-keys" server={plainName(apiKey.providerName)} />
      </Box>
    </Box>
  )
}

/** A key that no request uses until a test passes. Whoever may change it can use it all the same, knowing what that does. */
function NotUsed({ apiKey }: { apiKey: ProviderKey }) {
  const { say } = useText()
  const mayUpdate = useMay('provider-keys:update')
  const [isAsking, setIsAsking] = useState(false)
  const text = say(apiKey.test?.result === 'refused' ? 'providerKeys.notUsedRefused' : 'providerKeys.notUsed')
  return (
    <>
      {mayUpdate ? (
        <ActionAlert
          severity="warning"
          action={say('providerKeys.activate')}
          onAction={() => setIsAsking(true)}
          sx={{ mt: 1, py: 0 }}
        >
          {text}
        </ActionAlert>
      ) : (
        <Alert severity="warning" sx={{ mt: 1, py: 0 }}>
          {text}
        </Alert>
      )}
      {isAsking && <ActivateDialog apiKey={apiKey} onClose={() => setIsAsking(false)} />}
    </>
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

/** Moves a key earlier or later; nothing where it stands alone. */
function Movers({ apiKey, levels, onMove, isMoving }: Pick<KeyRowProps, 'apiKey' | 'levels' | 'onMove' | 'isMoving'>) {
  const { say } = useText()
  if (levels.length === 1 && levels[0]?.length === 1) return null
  const mover = (by: 'up' | 'down', icon: SvgIconComponent) => {
    const step = stepOf(levels, apiKey, by === 'up' ? -1 : 1)
    const words = say(`providerKeys.${by}_${step?.kind ?? 'none'}`, { other: step?.neighbour.name ?? '' })
    return (
      <IconAction label={words} icon={icon} isOff={!step || isMoving} onClick={() => onMove(step?.changes ?? [])} />
    )
  }
  return (
    <>
      {mover('up', UpIcon)}
      {mover('down', DownIcon)}
    </>
  )
}
