import {
  Alert,
  Box,
  Button,
  Card,
  Chip,
  TextField,
  type Theme,
  Tooltip,
  Typography,
  useMediaQuery,
} from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { ModelRow } from '@turnpike/contract'
import { memo, useDeferredValue, useMemo, useState } from 'react'
import { count } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { CopyButton } from '../parts/CopyButton.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { Page } from '../shell/Page.tsx'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { EndpointTable } from './EndpointTable.tsx'
import { isOnlySimulated, plainName } from './simulated.ts'
import { liveBy, modelsLiveQuery, modelsQuery, type LiveOf } from './query.ts'

/** Cards drawn at first and with every "more": hundreds at once would make typing slow. */
const CARDS_STEP = 25

/** The catalogue. The search is part of the address. */
export default function ModelsPage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  // The address follows what is typed, a moment later: read back from there, letters would be lost.
  const [typed, setTyped] = useState(url.get('q') ?? '')
  const search = (text: string) => {
    setTyped(text)
    setUrl({ q: text || null })
  }
  const wanted = useDeferredValue(typed)
  const query = useQuery(modelsQuery)
  const live = useQuery(modelsLiveQuery)
  const liveOf = useMemo(() => liveBy(live.data), [live.data])
  return (
    <Page title={say('nav.models')} text={say('models.text')}>
      <TextField
        label={say('models.search')}
        type="search"
        size="small"
        value={typed}
        onChange={(event) => search(event.target.value)}
        sx={{ mb: 2.5, width: { xs: '100%', sm: 360 } }}
      />
      {live.isError && query.data && (
        <Alert severity="warning" sx={{ mb: 2 }}>
          {say('models.liveUnavailable')}
        </Alert>
      )}
      <View query={query} skeleton={<RowsSkeleton rows={8} />}>
        {({ data }) => {
          if (data.length === 0)
            return <Empty kind="unused" title={say('models.emptyTitle')} text={say('models.emptyText')} />
          const found = data.filter((model) => matches(model, wanted))
          if (found.length > 0) return <Cards key={wanted} models={found} live={liveOf} />
          const clear = <Button onClick={() => search('')}>{say('models.clear')}</Button>
          const title = say('models.filteredTitle', { query: wanted })
          return <Empty kind="filtered" title={title} text={say('models.filteredText')} action={clear} />
        }}
      </View>
    </Page>
  )
}

/** Every word typed has to be somewhere in the name, the slug or a provider's name. */
function matches({ slug, name, endpoints }: ModelRow, typed: string): boolean {
  const text = `${slug} ${name} ${endpoints.map((endpoint) => endpoint.providerName).join(' ')}`.toLowerCase()
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function Cards({ models, live }: { models: readonly ModelRow[]; live: LiveOf }) {
  const { say } = useText()
  const isPhone = useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'), { noSsr: true })
  const [shown, setShown] = useState(CARDS_STEP)
  return (
    <>
      <Typography variant="caption" component="p" role="status" sx={{ mb: 1.5 }}>
        {say('models.count', { smart_count: models.length })}
      </Typography>
      <Box sx={{ ...ONE_COLUMN, gap: 2 }}>
        {models.slice(0, shown).map((model) => (
          <ModelCard key={model.slug} model={model} live={live} isPhone={isPhone} />
        ))}
      </Box>
      {models.length > shown && (
        <Button sx={{ mt: 2 }} onClick={() => setShown(shown + CARDS_STEP)}>
          {say('common.more')}
        </Button>
      )}
    </>
  )
}

interface ModelCardProps {
  readonly model: ModelRow
  readonly live: LiveOf
  readonly isPhone: boolean
}

/** Drawn again only when the model or its figures change: typing in the search must not redraw the page. */
const ModelCard = memo(function ModelCard({ model, live, isPhone }: ModelCardProps) {
  const { say, locale } = useText()
  const isSimulated = isOnlySimulated(model)
  return (
    <Card component="article" aria-label={model.name} sx={{ p: { xs: 2, sm: 2.5 } }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center' }}>
        <Typography variant="h2">{isSimulated ? plainName(model.name) : model.name}</Typography>
        {isSimulated && (
          <Tooltip title={say('common.simulatedHint')}>
            <Chip size="small" variant="outlined" label={say('models.onlySimulated')} />
          </Tooltip>
        )}
        <Box sx={{ flex: 1 }} />
        <Chip size="small" label={say('models.context', { tokens: count(model.contextLength, locale) })} />
        {model.inputModalities
          .filter((modality) => modality !== 'text')
          .map((modality) => (
            <Chip key={modality} size="small" label={modality} />
          ))}
      </Box>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.5, color: 'text.secondary', fontSize: '0.875rem' }}>
        <code>{model.slug}</code>
        <CopyButton text={model.slug} label={say('models.copySlug', { slug: model.slug })} />
      </Box>
      {model.description && (
        <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5, maxWidth: '75ch' }}>
          {model.description}
        </Typography>
      )}
      <EndpointTable model={model} live={live} isPhone={isPhone} />
    </Card>
  )
})
