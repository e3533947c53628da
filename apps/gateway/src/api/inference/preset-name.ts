import { invalid } from '../../http/parse.ts'

/** What a request calls a preset. */
export interface PresetNamed {
  readonly slug: string
  /** Null: the version that is in force. */
  readonly version: number | null
  /** The model named besides, which the preset's give way to; null: the field `model` has none. */
  readonly model: string | null
  /** The field that names the preset. */
  readonly param: 'model' | 'preset'
  /** The request's own words for its model. */
  readonly requestedModel: string
}

/** In the middle or at the beginning of a model's name. */
const MARK = '@preset/'
const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/
/** What a slug is, for people. */
export const SLUG_FORM = 'up to 64 lower-case letters, digits, dashes and underscores, beginning with a letter or digit'
/** As many digits as the number of a version can have. */
const VERSION = /^[1-9]\d{0,3}$/

export function isPresetSlug(text: string): boolean {
  return SLUG.test(text)
}

/**
 * The preset that a body names: `preset: "slug"`, `model: "@preset/slug"` or `model: "author/slug@preset/slug"`, each with `@3` behind it
 * for that version. Null for most. Throws Fault `request_invalid` for one that is misspelt, or two that differ.
 */
export function presetNamed(body: unknown): PresetNamed | null {
  if (typeof body !== 'object' || body === null) return null
  const { model, models, preset } = body as Readonly<Record<'model' | 'models' | 'preset', unknown>>
  if (Array.isArray(models) && models.some(isMarked)) {
    throw invalid('models', 'models: a preset stands in the field model or preset, not among the fallbacks')
  }
  const marked = isMarked(model)
  if (preset === undefined || preset === null) return marked ? fromModel(model) : null
  if (typeof preset !== 'string') throw invalid('preset', 'preset: must be the slug of a preset')
  const named = fromField(preset, typeof model === 'string' ? model : null, models)
  if (!marked) return named
  const other = fromModel(model)
  if (other.slug === named.slug && other.version === named.version) return other
  throw invalid('preset', 'preset: the field model names another one; a request has one preset')
}

function isMarked(model: unknown): model is string {
  return typeof model === 'string' && model.includes(MARK)
}

function fromModel(model: string): PresetNamed {
  const at = model.indexOf(MARK)
  return {
    ...referred(model.slice(at + MARK.length), 'model'),
    model: at > 0 ? model.slice(0, at) : null,
    param: 'model',
    requestedModel: model,
  }
}

function fromField(preset: string, model: string | null, models: unknown): PresetNamed {
  const first: unknown = Array.isArray(models) ? models[0] : undefined
  const requestedModel = model ?? (typeof first === 'string' ? first : MARK + preset)
  return { ...referred(preset, 'preset'), model, param: 'preset', requestedModel }
}

/** `slug`, or `slug@3`. */
function referred(reference: string, param: 'model' | 'preset'): Pick<PresetNamed, 'slug' | 'version'> {
  const [slug = '', version, ...more] = reference.split('@')
  if (slug === '') throw invalid(param, `${param}: must name a preset, as in ${MARK}email-copywriter`)
  if (version === undefined) return { slug, version: null }
  if (more.length > 0 || !VERSION.test(version)) {
    const example = param === 'model' ? `${MARK}${slug.slice(0, 64)}@3` : `${slug.slice(0, 64)}@3`
    throw invalid(param, `${param}: the version of a preset is a positive integer, as in ${example}`)
  }
  return { slug, version: Number(version) }
}
