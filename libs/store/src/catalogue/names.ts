import rules from '../../../../prisma/seed/models.json' with { type: 'json' }

/** What a provider's name of a model says about it. */
interface NamedModel {
  /** `author/name`, as OpenRouter spells it where the model is listed there. */
  readonly slug: string
  /** Numeric precision of the weights if it is part of the name; else `unknown`. */
  readonly quantization: string
}

/** Rules for the names in one provider's list. */
export interface Naming {
  /** The author of a model whose name has no author and no known family. */
  readonly author: string
  /** Applied to the lower-cased name first, in this order. */
  readonly rewrites?: Rewrites
}

/**
 * The one name of a model that providers spell in many ways, as `anthropic.claude-sonnet-4-5-20250929-v1:0` and `claude-sonnet-4-5`. The
 * rules, `prisma/seed/models.json`, join only names that are known to mean the same weights: two models under one name would be billed and
 * measured as one, while a model under two names only has fewer endpoints to fail over to.
 */
export function nameModel(id: string, naming: Naming): NamedModel {
  const plain = rewrite(id.toLowerCase(), naming.rewrites ?? [])
  const precision = PRECISIONS.find(([mark]) => mark.test(plain))
  const whole = precision ? plain.replace(precision[0], '') : plain
  const slash = whole.indexOf('/')
  const name = whole.slice(slash + 1)
  const author = slash > 0 ? whole.slice(0, slash) : (familyOf(name) ?? naming.author)
  const slug = rewrite(`${AUTHORS[author] ?? author}/${name}`, REWRITES)
  return { slug: SAME[slug] ?? slug, quantization: precision?.[1] ?? 'unknown' }
}

type Rewrites = readonly (readonly [pattern: RegExp, replacement: string])[]

const AUTHORS: Readonly<Record<string, string>> = rules.authors
const SAME: Readonly<Record<string, string>> = rules.same
const REWRITES = patterns(rules.rewrites)
const PRECISIONS = patterns(rules.precisions)
const FAMILIES = patterns(rules.families)

function familyOf(name: string): string | undefined {
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1]
}

function rewrite(text: string, rewrites: Rewrites): string {
  return rewrites.reduce((changed, [pattern, replacement]) => changed.replace(pattern, replacement), text)
}

/** Pairs of pattern and word from the data. */
function patterns(pairs: readonly (readonly string[])[]): Rewrites {
  return pairs.map(([pattern = '', word = '']) => [new RegExp(pattern), word])
}
