import { Box, Button, Chip } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { KeyList } from '@turnpike/contract'
import { NO_PROVIDER } from '@turnpike/contract/lists'
import { REQUEST_OUTCOMES, UNKNOWN_MODEL } from '@turnpike/domain/lists'
import { useState } from 'react'
import { call } from '../api.ts'
import { span } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { modelsQuery } from '../models/query.ts'
import { Select } from '../parts/Select.tsx'
import type { UrlChanges } from '../parts/url-state.ts'
import { providersOf } from '../models/catalogue.ts'
import { useProviderNames } from '../models/provider-names.ts'
import { useMay } from '../session.ts'
import { FILTERS, type FilterName, type Filters } from './filters.ts'

/** Keys offered as a filter; more than this are looked up by their own page. */
const KEYS_MAX = 100
const LABELS = { model: 'common.model', provider: 'common.provider', keyId: 'common.key' } as const

interface FilterBarProps {
  readonly filters: Filters
  readonly onChange: (changes: UrlChanges) => void
}

/** What to look for. The lists to choose from are fetched when one is about to be opened, not before. */
export function FilterBar({ filters, onChange }: FilterBarProps) {
  const { say, locale } = useText()
  const options = useOptions(filters)
  const set = (name: FilterName) => (value: string) => onChange({ [name]: value })
  const { from, to } = filters
  return (
    <Box
      role="search"
      aria-label={say('requests.filters')}
      sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, mb: 2.5, alignItems: 'center' }}
    >
      {(['model', 'provider', 'keyId'] as const).map((name) => (
        <Select
          key={name}
          label={say(LABELS[name])}
          value={filters[name] ?? ''}
          options={options[name]}
          onChange={set(name)}
          onOpen={options.open}
          {...(name === 'model' && { minWidth: 190 })}
        />
      ))}
      <Select
        label={say('requests.outcome')}
        value={filters.outcome ?? ''}
        options={[
          ['', say('common.all')],
          ...REQUEST_OUTCOMES.map((outcome) => [outcome, say(`requests.outcome_${outcome}`)] as const),
        ]}
        onChange={set('outcome')}
        minWidth={120}
      />
      {(from ?? to) && <Chip label={span(from, to, locale)} onDelete={() => onChange({ from: null, to: null })} />}
      {Object.keys(filters).length > 0 && (
        <Button color="inherit" onClick={() => onChange(Object.fromEntries(FILTERS.map((name) => [name, null])))}>
          {say('requests.clear')}
        </Button>
      )}
    </Box>
  )
}

type Option = readonly [value: string, label: string]

function useOptions(filters: Filters) {
  const { say } = useText()
  const { nameOf } = useProviderNames()
  const mayReadKeys = useMay('keys:read')
  const mayReadModels = useMay('models:read')
  const [opened, setOpened] = useState(false)
  const models = useQuery({ ...modelsQuery, enabled: opened && mayReadModels })
  const keys = useQuery({
    queryKey: ['keys', 'names'],
    queryFn: ({ signal }) => call<KeyList>('/keys', { query: { limit: KEYS_MAX }, signal }),
    enabled: opened && mayReadKeys,
    staleTime: 60_000,
  })
  const catalogue = models.data?.data ?? []
  const providers = providersOf(catalogue).map(([slug]): Option => [slug, nameOf(slug)])
  const slugs = catalogue.map(({ slug }): Option => [slug, slug])
  const withAll = (known: readonly Option[], chosen: string | undefined): Option[] => {
    const others = new Map(known)
    // A filter in the address is shown even without the list that names it.
    if (chosen && !others.has(chosen)) others.set(chosen, chosen)
    return [['', say('common.all')], ...others]
  }
  return {
    open: () => setOpened(true),
    model: withAll([[UNKNOWN_MODEL, say('requests.unknownModel')], ...slugs], filters.model),
    provider: withAll([[NO_PROVIDER, say('requests.noProvider')], ...providers], filters.provider),
    keyId: withAll(keys.data?.data.map(({ id, name, label }) => [id, `${name} (${label})`]) ?? [], filters.keyId),
  }
}
