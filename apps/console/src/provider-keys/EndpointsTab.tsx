import { useQuery } from '@tanstack/react-query'
import type { OwnEndpointRow } from '@turnpike/contract'
import { useText, type Say } from '../i18n/text.ts'
import { ownEndpointsQuery } from './calls.ts'
import { EndpointDialog } from './EndpointDialog.tsx'
import { EndpointList } from './EndpointList.tsx'
import { ResourceTab } from './ResourceTab.tsx'

const TEXTS = {
  add: 'providerKeys.addEndpoint',
  emptyTitle: 'providerKeys.emptyEndpointsTitle',
  emptyText: 'providerKeys.emptyEndpointsText',
} as const

/** Endpoints that the organisation runs or rents. */
export function EndpointsTab() {
  const { say } = useText()
  return (
    <ResourceTab
      kind="own-endpoints"
      query={useQuery(ownEndpointsQuery)}
      texts={TEXTS}
      List={EndpointList}
      Dialog={EndpointDialog}
      consequenceOf={(gone, all) => consequenceOf(gone, all, say)}
    />
  )
}

/** A model of one's own is gone with its last endpoint; one of the catalogue is served by others. */
function consequenceOf(gone: OwnEndpointRow, all: readonly OwnEndpointRow[], say: Say): string {
  const { model } = gone
  const isLast = !all.some((other) => other.id !== gone.id && other.model === model && !other.disabled)
  if (isLast && model.startsWith('~')) return say('providerKeys.deleteModel', { model })
  return say(isLast ? 'providerKeys.deleteCatalogue' : 'providerKeys.deleteOthers', { model })
}
