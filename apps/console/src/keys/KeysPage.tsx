import AddIcon from '@mui/icons-material/Add'
import { Button } from '@mui/material'
import type { ApiKey } from '@turnpike/contract'
import { useState } from 'react'
import { useInfiniteGetList } from 'react-admin'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { RenameDialog } from '../parts/RenameDialog.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Page } from '../shell/Page.tsx'
import { Empty } from '../states/Empty.tsx'
import { useFaultText } from '../states/fault-text.ts'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { CreatedKeyDialog, CreateKeyDialog } from './CreateKeyDialog.tsx'
import { KeyPolicyDialog } from './KeyPolicyDialog.tsx'
import { KeyTable, type KeyAct } from './KeyTable.tsx'
import { RevokeKeyDialog } from './RevokeKeyDialog.tsx'

const ROWS_PER_PAGE = 50

type Acting = { readonly what: KeyAct; readonly key: ApiKey } | null

/** All keys of the workspace, the newest first. The open dialog of a new key is part of the address. */
export default function KeysPage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const [acting, setActing] = useState<Acting>(null)
  const [made, setMade] = useState<string | null>(null)
  const faultText = useFaultText()
  const mayCreate = useMay('keys:create')
  const query = useInfiniteGetList<ApiKey>('keys', { pagination: { page: 1, perPage: ROWS_PER_PAGE } })
  const close = () => setActing(null)
  const open = () => setUrl({ create: 'yes' })
  const button = mayCreate && (
    <Button variant="contained" startIcon={<AddIcon />} onClick={open}>
      {say('keys.create')}
    </Button>
  )
  return (
    <Page title={say('nav.keys')} text={say('keys.text')} actions={button}>
      <View query={query} skeleton={<RowsSkeleton rows={4} />}>
        {({ pages }) => {
          const keys = pages.flatMap(({ data }) => data)
          if (keys.length === 0)
            return <Empty kind="unused" title={say('keys.emptyTitle')} text={say('keys.emptyText')} action={button} />
          return <KeyTable keys={keys} onAct={(what, key) => setActing({ what, key })} />
        }}
      </View>
      {query.hasNextPage && (
        <Button sx={{ mt: 2 }} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {say('common.more')}
        </Button>
      )}
      {url.has('create') && mayCreate && <CreateKeyDialog onMade={setMade} onClose={() => setUrl({ create: null })} />}
      {made !== null && <CreatedKeyDialog apiKey={made} onClose={() => setMade(null)} />}
      {acting?.what === 'policy' && <KeyPolicyDialog apiKey={acting.key} onClose={close} />}
      {acting?.what === 'rename' && (
        <RenameDialog
          title={say('keys.renameTitle')}
          name={acting.key.name}
          rename={(name) => call(`/keys/${encodeURIComponent(acting.key.id)}`, { method: 'PATCH', body: { name } })}
          refetch="keys"
          explain={faultText}
          onClose={close}
        />
      )}
      {acting?.what === 'revoke' && <RevokeKeyDialog apiKey={acting.key} onClose={close} />}
    </Page>
  )
}
