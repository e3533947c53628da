import { Box, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { KeyConsequence, ProviderKey } from '@turnpike/contract'
import { count } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { activate, consequenceQuery } from './calls.ts'

/** Models named in the dialog; the others are summed up in words. */
const MODELS_SHOWN_MAX = 5

/** Uses a key without a passed test, once the reader knows which requests of the last day would have gone to it. */
export function ActivateDialog({ apiKey, onClose }: { apiKey: ProviderKey; onClose: () => void }) {
  const { say } = useText()
  const { id, name } = apiKey
  const query = useQuery(consequenceQuery(id))
  return (
    <ActionDialog
      title={say('providerKeys.activateTitle', { name })}
      action={say('providerKeys.activate')}
      color="error"
      disabled={query.data === undefined}
      run={() => activate(id)}
      refetch="byok"
      notice={['providerKeys.activatedNotice', { name }]}
      onClose={onClose}
    >
      <View query={query} skeleton={<RowsSkeleton rows={1} />}>
        {({ data }) => <Consequence consequence={data} creditFallback={apiKey.creditFallback} />}
      </View>
    </ActionDialog>
  )
}

interface ConsequenceProps {
  readonly consequence: KeyConsequence['data']
  readonly creditFallback: boolean
}

function Consequence({ consequence: { requests, models }, creditFallback }: ConsequenceProps) {
  const { say, locale } = useText()
  const shown = models.slice(0, MODELS_SHOWN_MAX)
  if (requests === 0) return <Typography>{say('providerKeys.consequenceNone')}</Typography>
  return (
    <>
      <Typography>{say('providerKeys.consequence', { smart_count: requests })}</Typography>
      <Box component="ul" sx={{ my: 1, pl: 3, overflowWrap: 'anywhere' }}>
        {shown.map(({ model, requests: of }) => (
          <li key={model}>{say('providerKeys.consequenceModel', { model, count: count(of, locale) })}</li>
        ))}
        {models.length > shown.length && <li>{say('providerKeys.consequenceMore')}</li>}
      </Box>
      <Typography>{say(`providerKeys.consequence${creditFallback ? 'Credits' : 'Fail'}`)}</Typography>
    </>
  )
}
