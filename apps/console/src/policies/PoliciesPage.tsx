import AddIcon from '@mui/icons-material/Add'
import { Box, Button, Typography } from '@mui/material'
import type { Policy } from '@turnpike/contract'
import { useState } from 'react'
import { useInfiniteGetList } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { RenameDialog } from '../parts/RenameDialog.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Page } from '../shell/Page.tsx'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { ArchiveDialog } from './ArchiveDialog.tsx'
import { renamePolicy } from './calls.ts'
import { PolicyTable } from './PolicyTable.tsx'
import { Templates } from './Templates.tsx'

const ROWS_PER_PAGE = 50

type Acting = { readonly what: 'rename' | 'archive'; readonly policy: Policy } | null

/** All policies of the organisation. Whether templates are shown is in the address. */
export default function PoliciesPage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const [acting, setActing] = useState<Acting>(null)
  const mayUpdate = useMay('policies:update')
  const query = useInfiniteGetList<Policy>('policies', { pagination: { page: 1, perPage: ROWS_PER_PAGE } })
  const isEmpty = query.data?.pages.every(({ data }) => data.length === 0) ?? true
  const isChoosing = mayUpdate && url.has('new')
  const button = mayUpdate && !isChoosing && !isEmpty && (
    <Button variant="contained" startIcon={<AddIcon />} onClick={() => setUrl({ new: 'yes' })}>
      {say('policies.create')}
    </Button>
  )
  const onAct = (what: 'rename' | 'archive', policy: Policy) => setActing({ what, policy })
  const onClose = () => setActing(null)
  return (
    <Page title={say('nav.policies')} text={say('policies.text')} actions={button}>
      <View query={query} skeleton={<RowsSkeleton rows={4} />}>
        {({ pages }) => {
          const policies = pages.flatMap(({ data }) => data)
          return (
            <Box sx={{ ...ONE_COLUMN, gap: 3 }}>
              {isEmpty && <Empty kind="unused" title={say('policies.emptyTitle')} text={say('policies.emptyText')} />}
              {mayUpdate && (isEmpty || isChoosing) && (
                <section>
                  <Typography variant="h2" sx={{ mb: 2 }}>
                    {say('policies.noneTitle')}
                  </Typography>
                  <Templates />
                </section>
              )}
              {!isEmpty && <PolicyTable policies={policies} onAct={onAct} />}
            </Box>
          )
        }}
      </View>
      {query.hasNextPage && (
        <Button sx={{ mt: 2 }} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {say('common.more')}
        </Button>
      )}
      {acting?.what === 'rename' && (
        <RenameDialog
          title={say('policy.renameTitle')}
          name={acting.policy.name}
          rename={(name) => renamePolicy(acting.policy.id, name)}
          refetch="policies"
          onClose={onClose}
        />
      )}
      {acting?.what === 'archive' && <ArchiveDialog policy={acting.policy} onClose={onClose} />}
    </Page>
  )
}
