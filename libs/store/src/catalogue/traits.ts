import rules from '../../../../prisma/seed/models.json' with { type: 'json' }

/** What price lists omit or misstate about a model, by the rules in `prisma/seed/models.json`. */
interface Traits {
  readonly embeds: boolean
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly distillable: boolean
  readonly categories: readonly string[]
  /** The display name, where the names of the lists are wrong. */
  readonly name?: string
}

/** Whether a model by this name answers with text or embeddings: others have no route here. */
export function isServable(slug: string): boolean {
  return !NEVER.test(slug)
}

/** The traits of a model, `author/name`. A model without a rule reads and writes text, and nothing else. */
export function traitsOf(slug: string): Traits {
  const embeds = EMBEDDINGS.test(slug)
  const matching = (patterns: readonly (readonly [string, RegExp])[]) =>
    patterns.filter(([, pattern]) => pattern.test(slug)).map(([word]) => word)
  const name = NAMES[slug]
  return {
    ...(name !== undefined && { name }),
    embeds,
    inputModalities: ['text', ...(embeds ? [] : matching(INPUTS))],
    outputModalities: embeds ? ['embeddings'] : ['text', ...matching(OUTPUTS)],
    distillable: DISTILLABLE.test(slug),
    categories: matching(CATEGORIES),
  }
}

/**
 * The parameters that an endpoint honours: those of its provider's API, without tools and reasoning where the model is not known
 * for them. A missing parameter costs a caller one candidate; a wrong one would drop a requested feature in silence.
 */
export function parametersOf(slug: string, ofProvider: readonly string[]): string[] {
  if (EMBEDDINGS.test(slug)) return DIMENSIONS.test(slug) ? ['dimensions'] : []
  return ofProvider.filter((name) => {
    if (name === 'reasoning') return REASONS.test(slug)
    return name === 'tools' || name === 'tool_choice' ? TOOLS.test(slug) : true
  })
}

const NAMES: Readonly<Record<string, string>> = rules.names
const NEVER = new RegExp(rules.never)
const EMBEDDINGS = new RegExp(rules.embeddings)
const DIMENSIONS = new RegExp(rules.dimensions)
const REASONS = new RegExp(rules.reasons)
const TOOLS = new RegExp(rules.tools)
const DISTILLABLE = new RegExp(rules.distillable)
const INPUTS = named(rules.inputs)
const OUTPUTS = named(rules.outputs)
const CATEGORIES = named(rules.categories)

function named(patterns: Readonly<Record<string, string>>): [string, RegExp][] {
  return Object.entries(patterns).map(([word, pattern]) => [word, new RegExp(pattern)])
}
