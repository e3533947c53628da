import BackIcon from '@mui/icons-material/ArrowBack'
import { Box, Button, Card, Tab, Tabs, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { RequestAnswer, RequestDetail } from '@turnpike/contract'
import type { ReactNode } from 'react'
import { Link, useParams } from 'react-router-dom'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { CodeBlock } from '../parts/CodeBlock.tsx'
import { CopyButton } from '../parts/CopyButton.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { Page } from '../shell/Page.tsx'
import { BlockSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { CostBreakdown } from './CostBreakdown.tsx'
import { Facts } from './Facts.tsx'
import { RouteView } from './RouteView.tsx'
import { WaterfallChart } from './WaterfallChart.tsx'

const TABS = ['overview', 'route', 'json'] as const
const TAB_LABELS = { overview: 'request.overviewTab', route: 'request.whyTitle', json: 'common.json' } as const

/** One request: what happened, why, and what it cost. A finished request never changes. */
export default function RequestPage() {
  const { say } = useText()
  const { id = '' } = useParams()
  const query = useQuery({
    queryKey: ['request', id],
    queryFn: ({ signal }) => call<RequestAnswer>(`/requests/${encodeURIComponent(id)}`, { signal }),
    staleTime: Infinity,
  })
  const back = (
    <Button component={Link} to="/requests" color="inherit" startIcon={<BackIcon />}>
      {say('request.back')}
    </Button>
  )
  return (
    <Page title={say('request.title')} text={<Id id={id} />} actions={back}>
      <View query={query} skeleton={<BlockSkeleton height={480} />}>
        {({ data }) => <Detail request={data} />}
      </View>
    </Page>
  )
}

function Id({ id }: { id: string }) {
  const { say } = useText()
  return (
    <Box component="span" sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, overflowWrap: 'anywhere' }}>
      <code>{id}</code>
      <CopyButton text={id} label={say('request.copyId')} />
    </Box>
  )
}

function Detail({ request }: { request: RequestDetail }) {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const tab = TABS.find((name) => name === url.get('tab')) ?? 'overview'
  return (
    <>
      <Facts request={request} />
      <Tabs
        value={tab}
        onChange={(_event, name: string) => setUrl({ tab: name === 'overview' ? null : name })}
        aria-label={say('request.title')}
        sx={{ mt: 3, mb: 2.5 }}
      >
        {TABS.map((name) => (
          <Tab key={name} value={name} label={say(TAB_LABELS[name])} id={`tab-${name}`} aria-controls="detail" />
        ))}
      </Tabs>
      <div id="detail" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'overview' && <Overview request={request} />}
        {tab === 'route' && <RouteView request={request} />}
        {tab === 'json' && (
          <CodeBlock
            code={JSON.stringify(request, null, 2)}
            label={say('common.json')}
            copyLabel={say('common.copyJson')}
          />
        )}
      </div>
    </>
  )
}

function Overview({ request }: { request: RequestDetail }) {
  const { say } = useText()
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2.5 }}>
      <Section title={say('requests.attempts')}>
        <WaterfallChart request={request} />
      </Section>
      <Section title={say('request.costBreakdown')}>
        <CostBreakdown request={request} />
      </Section>
    </Box>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card component="section" aria-label={title} sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography variant="h2" sx={{ mb: 1 }}>
        {title}
      </Typography>
      {children}
    </Card>
  )
}
