import { Box, Button } from '@mui/material'
import type { RequestRow } from '@turnpike/contract'
import { useInfiniteGetList } from 'react-admin'
import { Link } from 'react-router-dom'
import { ago } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { useLiveState } from '../live.ts'
import { useUrlState } from '../parts/url-state.ts'
import { useProviderNames } from '../models/provider-names.ts'
import { Page } from '../shell/Page.tsx'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { useNowMs } from '../states/Stale.tsx'
import { View } from '../states/View.tsx'
import { FilterBar } from './FilterBar.tsx'
import { FILTERS, filterWords, filtersOf, type Filters } from './filters.ts'
import { joined, useLiveRows } from './live-rows.ts'
import { RequestTable } from './RequestTable.tsx'

const ROWS_PER_PAGE = 50

/** Every request, newest first, growing while one looks. */
export default function RequestsPage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const filters = filtersOf(url)
  const query = useInfiniteGetList<RequestRow>('requests', {
    pagination: { page: 1, perPage: ROWS_PER_PAGE },
    filter: filters,
  })
  const live = useLiveRows(filters, query.refetch)
  return (
    <Page title={say('nav.requests')} text={say('requests.text')} actions={<LiveBadge />}>
      <FilterBar filters={filters} onChange={setUrl} />
      <View query={query} skeleton={<RowsSkeleton rows={10} />}>
        {({ pages }) => {
          const fetched = pages.flatMap(({ data }) => data)
          const rows = joined(live.rows, fetched)
          if (rows.length === 0) return <Nothing filters={filters} onClear={() => setUrl(NO_FILTERS)} />
          return <RequestTable rows={rows} freshIds={new Set(live.rows.map(({ id }) => id))} />
        }}
      </View>
      {live.paused.length > 0 && <PausedRows count={live.paused.length} onShow={live.release} />}
      {query.hasNextPage && (
        <Button sx={{ mt: 2 }} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {say('common.more')}
        </Button>
      )}
    </Page>
  )
}

const NO_FILTERS = Object.fromEntries(FILTERS.map((name) => [name, null]))

const LIVE_TEXTS = {
  connecting: 'requests.liveOpening',
  live: 'requests.live',
  interrupted: 'requests.liveOff',
} as const

function LiveBadge() {
  const { say, locale } = useText()
  const nowMs = useNowMs()
  const { state, lastMs } = useLiveState()
  return (
    <Box
      role="status"
      title={state === 'live' ? say('requests.pausedHint') : undefined}
      sx={{ display: 'flex', alignItems: 'center', gap: 1, color: 'text.secondary', fontSize: '0.875rem' }}
    >
      <Box
        aria-hidden="true"
        sx={{
          width: 9,
          height: 9,
          borderRadius: '50%',
          backgroundColor: state === 'live' ? 'success.main' : 'text.disabled',
        }}
      />
      {state === 'interrupted' && lastMs !== null
        ? say('requests.liveLost', { ago: ago(new Date(lastMs).toISOString(), nowMs, locale) })
        : say(LIVE_TEXTS[state])}
    </Box>
  )
}

function PausedRows({ count, onShow }: { count: number; onShow: () => void }) {
  const { say } = useText()
  const show = () => {
    onShow()
    window.scrollTo({ top: 0 })
  }
  return (
    <Box role="status" sx={{ position: 'sticky', bottom: 24, textAlign: 'center', mt: 2 }}>
      <Button variant="contained" onClick={show}>
        {say('requests.newRows', { smart_count: count })}
      </Button>
    </Box>
  )
}

function Nothing({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  const { say, locale } = useText()
  const { nameOf } = useProviderNames()
  if (Object.keys(filters).length === 0) {
    const start = (
      <Button component={Link} to="/start" variant="contained">
        {say('requests.emptyAction')}
      </Button>
    )
    return <Empty kind="unused" title={say('requests.emptyTitle')} text={say('requests.emptyText')} action={start} />
  }
  const clear = (
    <Button variant="outlined" onClick={onClear}>
      {say('requests.clear')}
    </Button>
  )
  const { provider } = filters
  const named = provider === undefined ? filters : { ...filters, provider: nameOf(provider) }
  const text = say('requests.filteredText', { filters: filterWords(named, say, locale) })
  return <Empty kind="filtered" title={say('requests.filteredTitle')} text={text} action={clear} />
}
