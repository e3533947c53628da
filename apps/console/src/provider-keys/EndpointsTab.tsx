import AddIcon from '@mui/icons-material/Add'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useQuery } from '@tanstack/react-query'
import type { OwnEndpointRow } from '@turnpike/contract'
import { useState } from 'react'
import { useNotify } from 'react-admin'
import { useText, type Say } from '../i18n/text.ts'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { ownEndpointsQuery, type ByokResource } from './calls.ts'
import { DeleteDialog } from './DeleteDialog.tsx'
import { AddEndpointDialog, EditEndpointDialog } from './EndpointDialogs.tsx'
import { EndpointList } from './EndpointList.tsx'
import type { KeyAct } from './KeyRow.tsx'
import { SecretDialog } from './SecretDialog.tsx'
import { useTests } from './tests.ts'

/** Endpoints that the organisation runs or rents. The open dialog of a new one is part of the address. */
export function EndpointsTab() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const mayUpdate = useMay('own-endpoints:update')
  const query = useQuery(ownEndpointsQuery)
  const tests = useTests()
  const notify = useNotify()
  const [acting, setActing] = useState<{ readonly what: KeyAct; readonly endpoint: OwnEndpointRow } | null>(null)
  const close = () => setActing(null)
  const saved = () => notify('common.saved', { type: 'success' })
  const button = mayUpdate && (
    <Button variant="contained" startIcon={<AddIcon />} onClick={() => setUrl({ add: 'yes' })}>
      {say('providerKeys.addEndpoint')}
    </Button>
  )
  return (
    <>
      <View query={query} skeleton={<RowsSkeleton rows={4} />}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty
              kind="unused"
              title={say('providerKeys.emptyEndpointsTitle')}
              text={say('providerKeys.emptyEndpointsText')}
              action={button}
            />
          ) : (
            <>
              <Box sx={{ mb: 2 }}>{button}</Box>
              <EndpointList endpoints={data} tests={tests} onAct={(what, endpoint) => setActing({ what, endpoint })} />
            </>
          )
        }
      </View>
      {url.has('add') && mayUpdate && (
        <AddEndpointDialog onSaved={({ data }) => tests.run(rowOf(data))} onClose={() => setUrl({ add: null })} />
      )}
      {acting?.what === 'edit' && <EditEndpointDialog endpoint={acting.endpoint} onSaved={saved} onClose={close} />}
      {acting?.what === 'secret' && (
        <SecretDialog row={rowOf(acting.endpoint)} onSaved={() => tests.run(rowOf(acting.endpoint))} onClose={close} />
      )}
      {acting?.what === 'delete' && (
        <DeleteDialog
          row={rowOf(acting.endpoint)}
          consequence={consequenceOf(acting.endpoint, query.data?.data ?? [], say)}
          onClose={close}
        />
      )}
    </>
  )
}

function rowOf({ id, name }: OwnEndpointRow): ByokResource {
  return { kind: 'own-endpoints', id, name }
}

/** A model of one's own is gone with its last endpoint; one of the catalogue is served by others. */
function consequenceOf(gone: OwnEndpointRow, all: readonly OwnEndpointRow[], say: Say): string {
  const { model } = gone
  const isLast = !all.some((other) => other.id !== gone.id && other.model === model && !other.disabled)
  if (isLast && model.startsWith('~')) return say('providerKeys.deleteModel', { model })
  return say(isLast ? 'providerKeys.deleteCatalogue' : 'providerKeys.deleteOthers', { model })
}
