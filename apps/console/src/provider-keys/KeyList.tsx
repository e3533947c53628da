import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Card from '@mui/material/Card'
import Typography from '@mui/material/Typography'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ProviderKey } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { plainName } from '../models/plain-name.ts'
import { useRefusalText } from '../states/refusal.ts'
import { reorder } from './calls.ts'
import { KeyRow, type KeyAct, type KeyRowProps } from './KeyRow.tsx'
import { groupsOf, type Level, type ProviderGroup } from './order.ts'
import type { Tests } from './tests.ts'

interface KeyListProps {
  readonly keys: readonly ProviderKey[]
  readonly tests: Tests
  readonly onAct: (what: KeyAct, key: ProviderKey) => void
}

/** Keys by provider, each provider's in the order in which they are tried: before credits, then after them. */
export function KeyList({ keys, tests, onAct }: KeyListProps) {
  const queryClient = useQueryClient()
  const refusalText = useRefusalText()
  const moving = useMutation({
    mutationFn: reorder,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['byok'] }),
  })
  const acting = { tests, onAct, onMove: moving.mutate, isMoving: moving.isPending }
  return (
    <Box sx={{ display: 'grid', gap: 2, '& > *': { minWidth: 0 } }}>
      {moving.isError && <Alert severity="error">{refusalText(moving.error)}</Alert>}
      {groupsOf(keys).map((group) => (
        <Provider key={group.provider} group={group} {...acting} />
      ))}
    </Box>
  )
}

type Acting = Pick<KeyRowProps, 'tests' | 'onAct' | 'onMove' | 'isMoving'>

function Provider({ group, ...acting }: Acting & { group: ProviderGroup }) {
  const { say } = useText()
  const id = `own-${group.provider}`
  return (
    <Card component="section" aria-labelledby={id} sx={{ px: { xs: 2, sm: 2.5 }, py: 2 }}>
      <Typography variant="h2" id={id}>
        {plainName(group.providerName)}
      </Typography>
      {group.first.length > 0 && (
        <Placed title={say('providerKeys.placement_first')} levels={group.first} {...acting} />
      )}
      {group.fallback.length > 0 && (
        <Placed title={say('providerKeys.placement_fallback')} levels={group.fallback} {...acting} />
      )}
    </Card>
  )
}

function Placed({ title, levels, ...acting }: Acting & { title: string; levels: readonly Level[] }) {
  return (
    <Box sx={{ mt: 1.5 }}>
      <Typography variant="h3" color="textSecondary" sx={{ fontSize: '0.8125rem' }}>
        {title}
      </Typography>
      <Box component="ol" aria-label={title} sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {levels.flatMap((level, rank) =>
          level.map((key, index) => (
            <KeyRow
              key={key.id}
              apiKey={key}
              rank={index === 0 ? rank + 1 : null}
              levels={levels}
              level={level}
              {...acting}
            />
          )),
        )}
      </Box>
    </Box>
  )
}
