import { indexOf, UNKNOWN_MODEL, type Caller, type Catalogue } from '@turnpike/domain'
import { isModel } from './aliases-unknown.ts'
import { ROUTERS } from './aliases-words.ts'

/**
 * The name under which a request is counted that no model answers: the name that it wrote, without its variant, if that is a model, a
 * router's name or a model of the caller's organisation. All others share one name, or any program could make series without end.
 * @param catalogue null before the first one was read
 */
export function countedModel(requested: string, { own }: Pick<Caller, 'own'>, catalogue: Catalogue | null): string {
  if (!catalogue) return UNKNOWN_MODEL
  const names = { catalogue, own: own ? indexOf(own) : null }
  const base = requested.slice(0, beforeVariant(requested))
  const known = [requested, base].find((name) => isModel(name, names) || ROUTERS.has(name))
  return known ?? UNKNOWN_MODEL
}

function beforeVariant(name: string): number {
  const colon = name.indexOf(':')
  return colon < 0 ? name.length : colon
}
