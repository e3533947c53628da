import type { HealthShare } from '@turnpike/store'
import type { TenantHealth } from './tenant-health.ts'
import type { Metric } from '@turnpike/server'

/** By state, not by endpoint: several hundred endpoints times many nodes would be too many series. */
export function healthMetrics(
  health: Pick<TenantHealth, 'downForOne'> & { readonly shared: Pick<TenantHealth['shared'], 'stats'> },
  share: Pick<HealthShare, 'connected' | 'stats'> | null,
  nowMs: () => number,
): Metric[] {
  const tracker = health.shared
  return [
    {
      name: 'turnpike_endpoints',
      help: 'Endpoints of which this node has a record: down, in cooldown (429), and all.',
      label: 'state',
      readEach: () => {
        const { known, down, cooling } = tracker.stats(nowMs())
        return { known, down, cooling }
      },
    },
    {
      name: 'turnpike_own_targets',
      help: 'Targets by credentials or endpoints of tenants, of which this node has a record: down, in cooldown, and all.',
      label: 'state',
      readEach: () => ({ ...tracker.stats(nowMs()).own }),
    },
    {
      name: 'turnpike_endpoint_falls_total',
      help: 'How often an endpoint went down for this node.',
      read: () => tracker.stats(nowMs()).falls,
    },
    {
      name: 'turnpike_endpoint_probes_total',
      help: 'Requests that probed whether an endpoint works again, of callers and of the gateway.',
      read: () => tracker.stats(nowMs()).probes,
    },
    {
      name: 'turnpike_endpoints_down_for_one_tenant',
      help: 'Endpoints that are up and down for one tenant by its own attempts, counted once per tenant.',
      read: () => health.downForOne(),
    },
    ...(share ? shareMetrics(share) : []),
  ]
}

function shareMetrics(share: Pick<HealthShare, 'connected' | 'stats'>): Metric[] {
  return [
    {
      name: 'turnpike_health_shared',
      help: 'Whether this node receives the reports of others: 1 yes, 0 it goes by its own figures alone.',
      read: () => Number(share.connected),
    },
    {
      name: 'turnpike_health_messages_total',
      help: 'Messages between nodes: sent, given up since Redis did not take them, received, and refused as garbage or as old.',
      label: 'fate',
      readEach: () => ({ ...share.stats }),
    },
  ]
}
