import type { Removed } from './decision.ts'
import type { ModelSlug } from '../ids.ts'
import { exclusion, outOfReach, requiredOf, type Eligible } from './constraint.ts'
import { filterWithOwn } from './byok.ts'
import type { RoutingInput } from './input.ts'

/**
 * The endpoints of these models that may serve the request; the others go to `removed`, each with the first stage that it failed.
 * What may serve depends on constraints alone: more layers of policy never let more through.
 */
export function filter(models: readonly ModelSlug[], input: RoutingInput, removed: Removed[]): Eligible[] {
  if (input.own !== null || input.policy.own_capacity === 'only') return filterWithOwn(models, input, removed)
  const reachable: Eligible[] = []
  for (const model of models) {
    for (const endpoint of input.snapshot.catalogue.endpointsOf.get(model) ?? []) {
      const provider = input.snapshot.catalogue.providers.get(endpoint.provider)
      const stage = outOfReach(endpoint, provider, input)
      if (stage === null && provider) reachable.push({ endpoint, provider, own: null })
      else removed.push({ endpoint: endpoint.id, stage: stage ?? 'credential' })
    }
  }
  const required = requiredOf(input, reachable)
  return reachable.filter((one) => {
    const stage = exclusion(one, required, input)
    if (stage) removed.push({ endpoint: one.endpoint.id, stage })
    return stage === null
  })
}
