/**
 * As much of Prometheus as our alert rules use: selectors, `rate` and `increase`, `sum without`, comparisons, `and` and `unless`,
 * with `ignoring`, and `for`. Anything else is refused when it is read, so that a rule cannot mean here what it does not mean there.
 */

export type Labels = Readonly<Record<string, string>>

interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** What was scraped, series by series. Seconds. */
export class Scrapes {
  readonly #series = new Map<string, { readonly labels: Labels; readonly points: { at: number; value: number }[] }>()

  add(at: number, samples: readonly Sample[]): void {
    for (const { labels, value } of samples) {
      const name = signature(labels, [])
      const series = this.#series.get(name) ?? { labels, points: [] }
      this.#series.set(name, series)
      series.points.push({ at, value })
    }
  }

  /** The points of each series that fits, later than `after` and up to `at`. */
  select(fits: (labels: Labels) => boolean, after: number, at: number) {
    return [...this.#series.values()]
      .filter(({ labels }) => fits(labels))
      .map(({ labels, points }) => ({ labels, points: points.filter((point) => point.at > after && point.at <= at) }))
      .filter(({ points }) => points.length > 0)
  }
}

/** What is printed at /metrics. */
export function readExposition(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) return []
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', quoted = '']) => [key, quoted])
    return [{ labels: { __name__: name, ...Object.fromEntries(pairs) }, value: Number(value) }]
  })
}

type Value = number | readonly Sample[]
export type Expression = (scrapes: Scrapes, at: number) => Value

/** A series that was not scraped for this long is gone. */
const LOOK_BACK_SECONDS = 300

/** Throws for what is no expression, or one that is not among those above. */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text)
  const parsed = parseSets(tokens)
  if (!tokens.done()) throw new Error(`not understood from "${tokens.peek()}": ${text}`)
  return parsed
}

/** The samples for which a rule holds. */
export function vectorOf(value: Value): readonly Sample[] {
  if (typeof value === 'number') throw new Error('a vector was expected and not a number')
  return value
}

interface Tokens {
  peek(): string
  take(expected?: string): string
  done(): boolean
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?[smh]?|[a-zA-Z_]\w*|"[^"\\]*"|=~|!=|==|>=|<=|[{}()[\],=<>])|(\S))/gy

function tokenize(text: string): Tokens {
  const list = [...text.trim().matchAll(TOKEN)].map(([, token, odd]) => {
    if (token === undefined) throw new Error(`"${odd}" is not understood in: ${text}`)
    return token
  })
  let next = 0
  return {
    peek: () => list[next] ?? '',
    done: () => next === list.length,
    take(expected) {
      const token = list[next++] ?? ''
      if (expected !== undefined && token !== expected) throw new Error(`"${expected}" was expected and not "${token}"`)
      return token
    },
  }
}

function parseSets(tokens: Tokens): Expression {
  let left = parseComparison(tokens)
  while (['and', 'unless'].includes(tokens.peek())) {
    const keeps = tokens.take() === 'and'
    const ignored = parseIgnoring(tokens)
    const [first, second] = [left, parseComparison(tokens)]
    left = (scrapes, at) => {
      const there = new Set(vectorOf(second(scrapes, at)).map(({ labels }) => signature(labels, ignored)))
      return vectorOf(first(scrapes, at)).filter(({ labels }) => there.has(signature(labels, ignored)) === keeps)
    }
  }
  return left
}

const COMPARE: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
}

function parseComparison(tokens: Tokens): Expression {
  const left = parsePrimary(tokens)
  const compare = COMPARE[tokens.peek()]
  if (!compare) return left
  tokens.take()
  const ignored = parseIgnoring(tokens)
  const right = parsePrimary(tokens)
  return (scrapes, at) => {
    const limit = right(scrapes, at)
    const samples = vectorOf(left(scrapes, at))
    if (typeof limit === 'number') return samples.filter(({ value }) => compare(value, limit))
    const limits = new Map(limit.map(({ labels, value }) => [signature(labels, ignored), value]))
    return samples
      .filter(({ labels, value }) => compare(value, limits.get(signature(labels, ignored)) ?? NaN))
      .map(({ labels, value }) => ({ labels: without(labels, ignored), value }))
  }
}

function parsePrimary(tokens: Tokens): Expression {
  const token = tokens.peek()
  if (/^\d+(?:\.\d+)?$/.test(token)) {
    const value = Number(tokens.take())
    return () => value
  }
  if (token === '(') return parseEnclosed(tokens)
  if (token === 'sum') return parseSum(tokens)
  if (token === 'rate' || token === 'increase') return parseGrowth(tokens)
  const fits = parseSelector(tokens)
  return (scrapes, at) =>
    scrapes
      .select(fits, at - LOOK_BACK_SECONDS, at)
      .map(({ labels, points }) => ({ labels, value: points.at(-1)?.value ?? NaN }))
}

function parseEnclosed(tokens: Tokens): Expression {
  tokens.take('(')
  const inner = parseSets(tokens)
  tokens.take(')')
  return inner
}

function parseSum(tokens: Tokens): Expression {
  tokens.take('sum')
  tokens.take('without')
  const summed = parseNames(tokens)
  const inner = parseEnclosed(tokens)
  return (scrapes, at) => {
    const sums = new Map<string, Sample>()
    for (const { labels, value } of vectorOf(inner(scrapes, at))) {
      const left = without(labels, ['__name__', ...summed])
      const name = signature(left, [])
      sums.set(name, { labels: left, value: (sums.get(name)?.value ?? 0) + value })
    }
    return [...sums.values()]
  }
}

function parseGrowth(tokens: Tokens): Expression {
  const perSecond = tokens.take() === 'rate'
  tokens.take('(')
  const fits = parseSelector(tokens)
  tokens.take('[')
  const range = secondsOf(tokens.take())
  tokens.take(']')
  tokens.take(')')
  return (scrapes, at) =>
    scrapes
      .select(fits, at - range, at)
      .filter(({ points }) => points.length > 1)
      .map(({ labels, points }) => ({
        labels: without(labels, ['__name__']),
        value: growth(points, at - range, at) / (perSecond ? range : 1),
      }))
}

/** How much a counter grew in a range, by Prometheus' way of guessing what lies before its first point and after its last. */
function growth(points: readonly { at: number; value: number }[], from: number, to: number): number {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last) return 0
  let grown = last.value - first.value
  points.forEach((point, index) => {
    const before = points[index - 1]?.value ?? 0
    if (index > 0 && point.value < before) grown += before
  })
  const sampled = last.at - first.at
  const apart = sampled / (points.length - 1)
  const edge = (gap: number) => (gap < apart * 1.1 ? gap : apart / 2)
  const untilZero = grown > 0 ? sampled * (first.value / grown) : Infinity
  const covered = sampled + Math.min(edge(first.at - from), untilZero) + edge(to - last.at)
  return grown * (covered / sampled)
}

function parseSelector(tokens: Tokens): (labels: Labels) => boolean {
  const name = tokens.take()
  if (!/^[a-z_]\w*$/.test(name)) throw new Error(`"${name}" is no name of a metric`)
  if (tokens.peek() === '(') throw new Error(`${name}() is not known here`)
  const matchers = [(labels: Labels) => labels['__name__'] === name]
  if (tokens.peek() === '{') {
    do {
      tokens.take()
      const label = tokens.take()
      const operator = tokens.take()
      const text = tokens.take().slice(1, -1)
      if (operator === '=') matchers.push((labels) => (labels[label] ?? '') === text)
      else if (operator === '!=') matchers.push((labels) => (labels[label] ?? '') !== text)
      else if (operator === '=~') matchers.push((labels) => new RegExp(`^(?:${text})$`).test(labels[label] ?? ''))
      else throw new Error(`the matcher ${operator} is not known here`)
    } while (tokens.peek() === ',')
    tokens.take('}')
  }
  return (labels) => matchers.every((matches) => matches(labels))
}

/** The labels that two vectors are not matched by: the name never, and those named. */
function parseIgnoring(tokens: Tokens): string[] {
  if (tokens.peek() !== 'ignoring') return ['__name__']
  tokens.take()
  return ['__name__', ...parseNames(tokens)]
}

function parseNames(tokens: Tokens): string[] {
  const names: string[] = []
  do {
    tokens.take()
    names.push(tokens.take())
  } while (tokens.peek() === ',')
  tokens.take(')')
  return names
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }

export function secondsOf(duration: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? []
  const seconds = SECONDS[unit]
  if (seconds === undefined) throw new Error(`"${duration}" is no duration`)
  return Number(count) * seconds
}

function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))
}

/** One text for one set of labels. */
function signature(labels: Labels, skipped: readonly string[]): string {
  return JSON.stringify(Object.entries(without(labels, skipped)).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
