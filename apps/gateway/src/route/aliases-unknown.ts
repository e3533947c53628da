import { Fault, nearest, OWN_AUTHOR, type ModelSlug } from '@turnpike/domain'
import type { Names } from './aliases-chosen.ts'
import { ROUTERS, VARIANTS } from './aliases-words.ts'

/** Suffixes of other gateways, and what to do instead. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['thinking', 'Leave it out and set `reasoning.effort` instead.'],
  ['extended', 'Leave it out: requests go to endpoints that hold their whole prompt anyway.'],
  ['batch', 'Leave it out: requests are answered one by one here.'],
])

/** The fault of an unknown suffix. @param place in the list of models */
export function noVariant(base: string, suffix: string, place: number, names: NamesKnown): Fault {
  const word = suffix.slice(0, 40)
  const param = paramOf(place)
  if (suffix === 'online') {
    const message = `${base}: the suffix :online is not served, since this gateway searches nothing. Leave it out and give the model a tool to search with.`
    return new Fault('request_invalid', message, { param })
  }
  const instead = ELSEWHERE.get(suffix)
  if (instead !== undefined) {
    const availability = { code: 'no_endpoints', retryable: false, requested_models: [`${base}:${word}`] }
    const message = `No model is listed as ${base}:${word}. ${instead}`
    return new Fault('endpoints_excluded', message, { param, metadata: { availability } })
  }
  if (!isModel(base, names) && !ROUTERS.has(base)) return unknownModel(`${base}:${word}`, place, names)
  const [closest] = nearest(suffix, VARIANTS, 1)
  const hint = closest === undefined ? `There are :${VARIANTS.join(', :')}.` : `Did you mean :${closest}?`
  return new Fault('model_unknown', `${base} has no variant :${word}. ${hint}`, {
    param,
    metadata: notFound(`${base}:${word}`, closest === undefined ? [base] : [`${base}:${closest}`]),
    diagnosis: 'model_unknown',
    diagnosisAbout: closest === undefined ? base : `${base}:${closest}`,
  })
}

type NamesKnown = Pick<Names, 'catalogue' | 'own'>

export function isModel(slug: string, { catalogue, own }: NamesKnown): boolean {
  return catalogue.models.has(slug as ModelSlug) || own?.models.has(slug as ModelSlug) === true
}

/** 400 with the nearest names. @param place in the list of models, 0 for the first */
export function unknownModel(name: string, place: number, names: NamesKnown): Fault {
  const isOwn = name.startsWith(OWN)
  const close = isOwn ? nearestOwn(name, names) : nearest(name, wordsOf(names))
  const list = isOwn
    ? 'GET /api/v1/models/user lists what your organisation has.'
    : 'GET /api/v1/models lists what there is.'
  const hint = close.length > 0 ? `Did you mean ${close.join(' or ')}?` : list
  const requested = name.slice(0, 100)
  return new Fault('model_unknown', `There is no model ${requested}. ${hint}`, {
    param: paramOf(place),
    metadata: notFound(requested, close),
    diagnosis: 'model_unknown',
    ...(close[0] !== undefined && { diagnosisAbout: close[0] }),
  })
}

function wordsOf({ catalogue, own }: NamesKnown): string[] {
  return [...catalogue.models.keys(), ...ROUTERS.keys(), ...(own?.models.keys() ?? [])]
}

const OWN = `${OWN_AUTHOR}/`

/** By what follows the author. Other tenants' models are never named. */
function nearestOwn(name: string, { own }: NamesKnown): string[] {
  const known = [...(own?.models.keys() ?? [])].map((slug) => slug.slice(OWN.length))
  return nearest(name.slice(OWN.length), known).map((word) => `${OWN}${word}`)
}

function notFound(requested: string, close: readonly string[]) {
  return {
    availability: {
      code: 'model_not_found',
      retryable: false,
      requested_models: [requested],
      fallback_models: close,
    },
  }
}

/** 404 for a router's name that stands for no model in this case. */
export function noneSuits(name: string, place: number, router: 'auto' | 'free'): Fault {
  const message =
    router === 'free'
      ? `${name}: no endpoint is free of charge for such a request.`
      : `${name}: none of its models takes such a request. Name a model instead.`
  return new Fault('endpoints_excluded', message, {
    param: paramOf(place),
    metadata: { availability: { code: 'no_endpoints', retryable: false, requested_models: [name] } },
  })
}

function paramOf(place: number): string {
  return place > 0 ? 'models' : 'model'
}
