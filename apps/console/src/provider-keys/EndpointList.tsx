import DeleteIcon from '@mui/icons-material/DeleteOutlined'
import EditIcon from '@mui/icons-material/EditOutlined'
import SecretIcon from '@mui/icons-material/KeyOutlined'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Card from '@mui/material/Card'
import Typography from '@mui/material/Typography'
import type { OwnEndpointRow } from '@turnpike/contract'
import { count } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { useMay } from '../session.ts'
import { Act, type KeyAct } from './KeyRow.tsx'
import { CredentialStatusChip } from './StatusChip.tsx'
import { TestResult } from './TestResult.tsx'
import type { Tests } from './tests.ts'

interface EndpointListProps {
  readonly endpoints: readonly OwnEndpointRow[]
  readonly tests: Tests
  readonly onAct: (what: KeyAct, endpoint: OwnEndpointRow) => void
}

/** Own endpoints by name, each with where it is and what it serves. */
export function EndpointList({ endpoints, ...rest }: EndpointListProps) {
  return (
    <Box sx={{ display: 'grid', gap: 2, '& > *': { minWidth: 0 } }}>
      {endpoints.map((endpoint) => (
        <Endpoint key={endpoint.id} endpoint={endpoint} {...rest} />
      ))}
    </Box>
  )
}

type EndpointProps = Omit<EndpointListProps, 'endpoints'> & { readonly endpoint: OwnEndpointRow }

function Endpoint({ endpoint, tests, onAct }: EndpointProps) {
  const { say } = useText()
  const mayUpdate = useMay('own-endpoints:update')
  return (
    <Card component="article" aria-label={endpoint.name} sx={{ px: { xs: 2, sm: 2.5 }, py: 2 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: '4px 12px', alignItems: 'center' }}>
        <Typography variant="h2" sx={{ overflowWrap: 'anywhere' }}>
          {endpoint.name}
        </Typography>
        {endpoint.lastFour !== null && <code>····{endpoint.lastFour}</code>}
        <CredentialStatusChip row={endpoint} />
        <Box sx={{ flex: 1 }} />
        {mayUpdate && <Actions endpoint={endpoint} tests={tests} onAct={onAct} />}
      </Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 0.5, overflowWrap: 'anywhere' }}>
        <code>{endpoint.model}</code>
        <CopyButton text={endpoint.model} label={say('models.copySlug', { slug: endpoint.model })} />
      </Box>
      <Facts endpoint={endpoint} />
      <TestResult state={tests.of(endpoint.id)} kind="own-endpoints" server={endpoint.name} />
    </Card>
  )
}

function Facts({ endpoint }: { endpoint: OwnEndpointRow }) {
  const { say, locale } = useText()
  const { price, retainsPrompts, zeroRetention, regions } = endpoint
  const isFree = [price.prompt, price.completion, price.request].every((dollars) => Number(dollars) === 0)
  const said = [
    say(`providerKeys.placement_${endpoint.placement}`),
    say('models.context', { tokens: count(endpoint.contextLength, locale) }),
    isFree
      ? say('providerKeys.free')
      : say('providerKeys.priced', { prompt: price.prompt, completion: price.completion, request: price.request }),
    zeroRetention ? say('providerKeys.keepsNothing') : retainsPrompts && say('providerKeys.mayKeep'),
    regions.length > 0 && say('models.regions', { regions: regions.join(', ').toUpperCase() }),
    endpoint.lastFour === null && say('providerKeys.noSecret'),
  ].filter((words) => words !== false)
  return (
    <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
      <code>{endpoint.baseUrl}</code> · {said.join(' · ')}
    </Typography>
  )
}

function Actions({ endpoint, tests, onAct }: EndpointProps) {
  const { say } = useText()
  return (
    <Box
      role="group"
      aria-label={say('common.actionsFor', { name: endpoint.name })}
      sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', my: -0.75, ml: { xs: -1, sm: 0 } }}
    >
      <Button
        size="small"
        disabled={tests.of(endpoint.id)?.kind === 'running'}
        onClick={() => tests.run({ kind: 'own-endpoints', ...endpoint })}
      >
        {say('providerKeys.test')}
      </Button>
      <Act label={say('providerKeys.edit')} onClick={() => onAct('edit', endpoint)}>
        <EditIcon fontSize="small" />
      </Act>
      <Act label={say('providerKeys.state_moved')} onClick={() => onAct('secret', endpoint)}>
        <SecretIcon fontSize="small" />
      </Act>
      <Act label={say('providerKeys.delete')} onClick={() => onAct('delete', endpoint)}>
        <DeleteIcon fontSize="small" />
      </Act>
    </Box>
  )
}
