import { parseExpression, secondsOf, vectorOf, type Expression, type Scrapes } from './promql.fixture.ts'

/** An alert rule as `infra/prometheus/alerts.yaml` writes it. */
export interface AlertRule {
  readonly name: string
  readonly holds: Expression
  readonly forSeconds: number
}

/** Reads the rules of that file, which keeps to a small part of YAML: one key a line, long expressions folded. */
export function readAlertRules(yaml: string): AlertRule[] {
  const blocks = yaml.split(/^ +- alert: /m).slice(1)
  return blocks.map((block) => {
    const name = block.split('\n')[0] ?? ''
    const text = /^ +expr: (?:>-\n((?: {10,}.*\n)+)|(.*))/m.exec(block)
    const expression = (text?.[1] ?? text?.[2] ?? '').replace(/\s+/g, ' ')
    return {
      name,
      holds: parseExpression(expression),
      forSeconds: secondsOf(/^ +for: (\w+)$/m.exec(block)?.[1] ?? '0s'),
    }
  })
}

/** The alerts of one process, evaluated in turn. */
export class Alerts {
  readonly #rules: readonly AlertRule[]
  readonly #heldSince = new Map<string, number>()

  constructor(rules: readonly AlertRule[]) {
    this.#rules = rules
  }

  /** The names of those that fire at that second. */
  evaluate(scrapes: Scrapes, at: number): string[] {
    return this.#rules.filter((rule) => this.#fires(rule, scrapes, at)).map(({ name }) => name)
  }

  #fires({ name, holds, forSeconds }: AlertRule, scrapes: Scrapes, at: number): boolean {
    if (vectorOf(holds(scrapes, at)).length === 0) {
      this.#heldSince.delete(name)
      return false
    }
    const since = this.#heldSince.get(name) ?? at
    this.#heldSince.set(name, since)
    return at - since >= forSeconds
  }
}
