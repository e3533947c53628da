import { nearest, parseUsd, type Catalogue, type Fault, type NanoUsd } from '@turnpike/domain'
import { invalid } from '../../http/parse.ts'

/** What a list of models is narrowed and sorted by: OpenRouter's parameters. */
export interface ModelQuery {
  readonly supportedParameters: readonly string[]
  readonly category: string | null
  /** Null: any. */
  readonly inputModalities: readonly string[] | null
  readonly outputModalities: readonly string[] | null
  readonly authors: readonly string[] | null
  readonly providers: readonly string[] | null
  readonly distillable: boolean | null
  readonly zeroRetention: boolean
  /** Tokens. */
  readonly contextMin: number
  /** Nano-dollars per million tokens of the prompt, and of the completion. */
  readonly promptMin: NanoUsd | null
  readonly promptMax: NanoUsd | null
  readonly completionMin: NanoUsd | null
  readonly completionMax: NanoUsd | null
  /** In lower case; a model must have them all. */
  readonly words: readonly string[]
  readonly sort: Sort | null
  readonly offset: number
  /** Null: all. */
  readonly limit: number | null
  readonly rss: boolean
}

const SORTS = [
  'newest',
  'pricing-low-to-high',
  'pricing-high-to-low',
  'context-high-to-low',
  'throughput-high-to-low',
  'latency-low-to-high',
] as const
export type Sort = (typeof SORTS)[number]

/** OpenRouter's categories; those of a model follow from its name. */
const CATEGORIES = [
  ...['programming', 'roleplay', 'marketing', 'marketing/seo', 'technology', 'science', 'translation', 'legal'],
  ...['finance', 'health', 'trivia', 'academia'],
]
const INPUTS = ['text', 'image', 'file', 'audio', 'video']
const OUTPUTS = ['text', 'image', 'embeddings', 'audio', 'video', 'rerank', 'speech', 'transcription']
const PARAMETERS = [
  ...['temperature', 'top_p', 'top_k', 'min_p', 'top_a', 'frequency_penalty', 'presence_penalty', 'repetition_penalty'],
  ...['max_tokens', 'max_completion_tokens', 'logit_bias', 'logprobs', 'top_logprobs', 'prediction', 'seed', 'stop'],
  ...['response_format', 'structured_outputs', 'tools', 'tool_choice', 'parallel_tool_calls', 'include_reasoning'],
  ...['reasoning', 'reasoning_effort', 'web_search_options', 'verbosity', 'dimensions'],
]
/** OpenRouter's filters without figures here. Passing them over would answer another question. */
const UNHELD =
  /^(?:(?:min|max)_(?:age_days|intelligence_index|coding_index|agentic_index|tool_success_rate)|region|arch)$/

const LIMIT_MAX = 1_000
const LIMIT_DEFAULT = 500
const TEXT_LENGTH_MAX = 500

/**
 * Reads a list's query. Throws Fault `request_invalid` with the nearest word that is known. Names that resemble none of ours are passed
 * over: clients send parameters of their own. @param outputs what is listed when the query does not say
 */
export function readModelQuery(
  query: Readonly<Record<string, unknown>>,
  catalogue: Catalogue,
  outputs: readonly string[] | null = ['text'],
): ModelQuery {
  refuseUnknown(query)
  const reader = new QueryReader(query)
  const authors = () => [...new Set([...catalogue.models.keys()].map((slug) => slug.slice(0, slug.indexOf('/'))))]
  const offset = reader.whole('offset', 0, Number.MAX_SAFE_INTEGER)
  const limit = reader.whole('limit', 1, LIMIT_MAX)
  const outputModalities = reader.modalities('output_modalities', OUTPUTS)
  return {
    supportedParameters: reader.words('supported_parameters', () => PARAMETERS) ?? [],
    category: reader.word('category', CATEGORIES),
    inputModalities: reader.modalities('input_modalities', INPUTS) ?? null,
    outputModalities: outputModalities === undefined ? outputs : outputModalities,
    authors: reader.words('model_authors', authors),
    providers: reader.words('providers', () => [...catalogue.providers.keys()]),
    distillable: reader.flag('distillable'),
    zeroRetention: reader.flag('zdr') === true,
    contextMin: reader.whole('context', 0, Number.MAX_SAFE_INTEGER) ?? 0,
    promptMin: reader.usd('min_price'),
    promptMax: reader.usd('max_price'),
    completionMin: reader.usd('min_output_price'),
    completionMax: reader.usd('max_output_price'),
    words: `${reader.text('q') ?? ''} ${reader.text('search') ?? ''}`.toLowerCase().split(/\s+/).filter(Boolean),
    sort: reader.word('sort', SORTS),
    offset: offset ?? 0,
    limit: limit ?? (offset === null ? null : LIMIT_DEFAULT),
    rss: reader.flag('use_rss') === true,
  }
}

export const NAMES = [
  ...['supported_parameters', 'category', 'input_modalities', 'output_modalities', 'model_authors', 'providers'],
  ...['distillable', 'zdr', 'context', 'min_price', 'max_price', 'min_output_price', 'max_output_price'],
  ...['q', 'search', 'sort', 'offset', 'limit', 'use_rss', 'use_rss_chat_links'],
]

function refuseUnknown(query: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(query)) {
    if (NAMES.includes(name)) continue
    if (UNHELD.test(name)) throw refused(name, 'this catalogue holds no such figures; leave it out.')
    const [near] = nearest(name, NAMES, 1)
    if (near !== undefined) throw refused(name, `there is no such parameter. Did you mean ${near}?`)
  }
}

/** The values of a query, each read as what it shall be. */
class QueryReader {
  constructor(private readonly query: Readonly<Record<string, unknown>>) {}

  /** Null when it is not given, or given as nothing. */
  text(name: string): string | null {
    const value = this.query[name]
    if (value === undefined || value === '') return null
    if (typeof value !== 'string') throw refused(name, 'give it once.')
    if (value.length > TEXT_LENGTH_MAX) throw refused(name, `at most ${TEXT_LENGTH_MAX} characters.`)
    return value
  }

  word<Word extends string>(name: string, known: readonly Word[]): Word | null {
    const text = this.text(name)
    return text === null ? null : oneOf(name, text, known)
  }

  words(name: string, known: () => readonly string[]): string[] | null {
    const text = this.text(name)
    if (text === null) return null
    const all = known()
    return text.split(',').map((word) => oneOf(name, word.trim(), all))
  }

  /** Undefined when it is not given, null for `all`. */
  modalities(name: string, known: readonly string[]): string[] | null | undefined {
    const words = this.words(name, () => [...known, 'all'])
    if (words === null) return undefined
    return words.includes('all') ? null : words
  }

  flag(name: string): boolean | null {
    const word = this.word(name, ['true', 'false'])
    return word === null ? null : word === 'true'
  }

  whole(name: string, least: number, most: number): number | null {
    const text = this.text(name)
    if (text === null) return null
    const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN
    if (number >= least && number <= most) return number
    const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`
    throw refused(name, `must be a whole number ${bounds}.`)
  }

  usd(name: string): NanoUsd | null {
    const text = this.text(name)
    if (text === null) return null
    const amount = parseUsd(text)
    if (amount === null) throw refused(name, 'must be dollars per million tokens, such as 0.5.')
    return amount
  }
}

function oneOf<Word extends string>(name: string, word: string, known: readonly Word[]): Word {
  const found = known.find((one) => one === word)
  if (found !== undefined) return found
  const near = nearest(word, known)
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ` There are ${listed(known)}.`
  throw refused(name, `${JSON.stringify(word.slice(0, 80))} is not known.${hint}`)
}

const LISTED_MAX = 12

function listed(words: readonly string[]): string {
  const more = words.length > LISTED_MAX ? ` and ${words.length - LISTED_MAX} more` : ''
  return words.slice(0, LISTED_MAX).join(', ') + more
}

function refused(name: string, why: string): Fault {
  return invalid(name.slice(0, 80), `${name.slice(0, 80)}: ${why}`)
}
