import ArchiveIcon from '@mui/icons-material/Inventory2Outlined'
import RenameIcon from '@mui/icons-material/EditOutlined'
import { Box, Link } from '@mui/material'
import type { Policy } from '@turnpike/contract'
import { Link as RouterLink } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { IconAction } from '../parts/IconAction.tsx'
import { Moment } from '../parts/Moment.tsx'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import { useMay } from '../session.ts'
import { scopesText } from './scopes.ts'

type Act = (what: 'rename' | 'archive', policy: Policy) => void

/** Policies by name, with what each puts first and for whom. */
export function PolicyTable({ policies, onAct }: { policies: readonly Policy[]; onAct: Act }) {
  const { say } = useText()
  const mayUpdate = useMay('policies:update')
  const columns: Column<Policy>[] = [
    {
      id: 'name',
      label: say('common.name'),
      phone: 'title',
      render: ({ id, name }) => (
        <Link component={RouterLink} to={`/policies/${id}`} sx={{ fontWeight: 600 }}>
          <Clipped text={name} chars={NAME_CHARS_MAX} />
        </Link>
      ),
    },
    {
      id: 'objective',
      label: say('policies.field_objective'),
      render: ({ document: { objective } }) =>
        objective ? say(`request.objective_${objective}`) : say('policies.inherit'),
    },
    {
      id: 'attached',
      label: say('policies.attached'),
      render: (policy) => (
        <Box sx={{ maxWidth: 260 }}>
          <Clipped text={scopesText(policy, say)} lines={2} />
        </Box>
      ),
    },
    { id: 'version', label: say('common.version'), numeric: true, render: ({ version }) => version },
    { id: 'changed', label: say('policies.changed'), render: ({ changedAt }) => <Moment short at={changedAt} /> },
  ]
  if (mayUpdate) {
    columns.push({
      id: 'actions',
      label: say('common.actions'),
      phone: 'title',
      numeric: true,
      render: (policy) => <Actions policy={policy} onAct={onAct} />,
    })
  }
  return <RecordTable label={say('nav.policies')} rows={policies} columns={columns} rowId={({ id }) => id} />
}

function Actions({ policy, onAct }: { policy: Policy; onAct: Act }) {
  const { say } = useText()
  return (
    <Box role="group" aria-label={say('common.actionsFor', { name: policy.name })} sx={{ whiteSpace: 'nowrap' }}>
      <IconAction label={say('common.rename')} icon={RenameIcon} onClick={() => onAct('rename', policy)} />
      <IconAction label={say('policy.archive')} icon={ArchiveIcon} onClick={() => onAct('archive', policy)} />
    </Box>
  )
}
