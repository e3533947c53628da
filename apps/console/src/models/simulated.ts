import type { EndpointRow, ModelRow } from '@turnpike/contract'

type Named = Pick<ModelRow, 'slug'>

interface Served {
  readonly endpoints: readonly Pick<EndpointRow, 'simulated'>[]
}

/** For sorting: the simulator's own models before all others, for they need no account and nobody takes them for real. */
export function simulatorModelsFirst(a: Named, b: Named): number {
  return Number(isSimulatorModel(b)) - Number(isSimulatorModel(a))
}

function isSimulatorModel({ slug }: Named): boolean {
  return slug.startsWith('sim/')
}

/** Whether nobody real serves it here. */
export function isOnlySimulated({ endpoints }: Served): boolean {
  return endpoints.length > 0 && endpoints.every(({ simulated }) => simulated)
}
