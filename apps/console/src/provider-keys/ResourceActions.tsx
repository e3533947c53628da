import DeleteIcon from '@mui/icons-material/DeleteOutlined'
import EditIcon from '@mui/icons-material/EditOutlined'
import SecretIcon from '@mui/icons-material/KeyOutlined'
import { Box, Button } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../i18n/text.ts'
import { IconAction } from '../parts/IconAction.tsx'
import { useMay } from '../session.ts'
import type { ByokResource } from './calls.ts'
import type { Tests } from './tests.ts'

export type ResourceAct = 'edit' | 'secret' | 'delete'

interface ResourceActionsProps {
  readonly row: ByokResource
  readonly tests: Tests
  readonly onAct: (what: ResourceAct) => void
  /** More buttons, after the test. */
  readonly children?: ReactNode
}

/** What one who may change a BYOK resource can do with it. */
export function ResourceActions({ row, tests, onAct, children }: ResourceActionsProps) {
  const { say } = useText()
  const mayUpdate = useMay(`${row.kind}:update`)
  if (!mayUpdate) return null
  return (
    <Box
      role="group"
      aria-label={say('common.actionsFor', { name: row.name })}
      sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', my: -0.75, ml: { xs: -1, sm: 0 } }}
    >
      <Button size="small" disabled={tests.of(row.id)?.kind === 'running'} onClick={() => tests.run(row)}>
        {say('providerKeys.test')}
      </Button>
      {children}
      <IconAction label={say('providerKeys.edit')} icon={EditIcon} onClick={() => onAct('edit')} />
      <IconAction label={say('providerKeys.state_moved')} icon={SecretIcon} onClick={() => onAct('secret')} />
      <IconAction label={say('providerKeys.delete')} icon={DeleteIcon} onClick={() => onAct('delete')} />
    </Box>
  )
}
