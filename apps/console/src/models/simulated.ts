import type { EndpointRow, ModelRow } from '@turnpike/contract'

type Named = Pick<ModelRow, 'slug'>

interface Served {
  readonly endpoints: readonly Pick<EndpointRow, 'simulated'>[]
}

/** For sorting: the simulator's own models first. They need no account and are not mistaken for real ones. */
export function simulatorModelsFirst(a: Named, b: Named): number {
  return Number(isSimulatorModel(b)) - Number(isSimulatorModel(a))
}

function isSimulatorModel({ slug }: Named): boolean {
  return slug.startsWith('sim/')
}

/** Whether only simulated providers serve it. */
export function isOnlySimulated({ endpoints }: Served): boolean {
  return endpoints.length > 0 && endpoints.every(({ simulated }) => simulated)
}

/** A name without the suffix “(simulated)”, where a chip marks it or the difference does not matter. */
export function plainName(name: string): string {
  return name.replace(/ \(simulated\)$/i, '')
}
