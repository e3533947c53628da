import AddIcon from '@mui/icons-material/Add'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useQuery } from '@tanstack/react-query'
import type { ProviderKey } from '@turnpike/contract'
import { useState } from 'react'
import { useNotify } from 'react-admin'
import { useText, type Say } from '../i18n/text.ts'
import { plainName } from '../models/plain-name.ts'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { providerKeysQuery, type ByokResource } from './calls.ts'
import { DeleteDialog } from './DeleteDialog.tsx'
import { AddKeyDialog, EditKeyDialog } from './KeyDialogs.tsx'
import { KeyList } from './KeyList.tsx'
import type { KeyAct } from './KeyRow.tsx'
import { SecretDialog } from './SecretDialog.tsx'
import { useTests } from './tests.ts'

/** The organisation's keys at providers. The open dialog of a new one is part of the address. */
export function KeysTab() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const mayUpdate = useMay('provider-keys:update')
  const query = useQuery(providerKeysQuery)
  const tests = useTests()
  const notify = useNotify()
  const [acting, setActing] = useState<{ readonly what: KeyAct; readonly key: ProviderKey } | null>(null)
  const keys = query.data?.data ?? []
  const close = () => setActing(null)
  const saved = () => notify('common.saved', { type: 'success' })
  const button = mayUpdate && (
    <Button variant="contained" startIcon={<AddIcon />} onClick={() => setUrl({ add: 'yes' })}>
      {say('providerKeys.add')}
    </Button>
  )
  return (
    <>
      <View query={query} skeleton={<RowsSkeleton rows={4} />}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty
              kind="unused"
              title={say('providerKeys.emptyTitle')}
              text={say('providerKeys.emptyText')}
              action={button}
            />
          ) : (
            <>
              <Box sx={{ mb: 2 }}>{button}</Box>
              <KeyList keys={data} tests={tests} onAct={(what, key) => setActing({ what, key })} />
            </>
          )
        }
      </View>
      {url.has('add') && mayUpdate && (
        <AddKeyDialog
          keys={keys}
          onSaved={({ data }) => tests.run(rowOf(data))}
          onClose={() => setUrl({ add: null })}
        />
      )}
      {acting?.what === 'edit' && <EditKeyDialog apiKey={acting.key} keys={keys} onSaved={saved} onClose={close} />}
      {acting?.what === 'secret' && (
        <SecretDialog row={rowOf(acting.key)} onSaved={() => tests.run(rowOf(acting.key))} onClose={close} />
      )}
      {acting?.what === 'delete' && (
        <DeleteDialog row={rowOf(acting.key)} consequence={consequenceOf(acting.key, keys, say)} onClose={close} />
      )}
    </>
  )
}

function rowOf({ id, name }: ProviderKey): ByokResource {
  return { kind: 'provider-keys', id, name }
}

/** What becomes of requests once a key is gone: the other keys of its provider take over, or credits. */
function consequenceOf(key: ProviderKey, keys: readonly ProviderKey[], say: Say): string {
  const left = keys.filter(({ id, provider, disabled }) => id !== key.id && provider === key.provider && !disabled)
  const provider = plainName(key.providerName)
  return left.length > 0
    ? say('providerKeys.deleteLeft', { provider, names: left.map(({ name }) => name).join(', ') })
    : say('providerKeys.deleteLast', { provider })
}
