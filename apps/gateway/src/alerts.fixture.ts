import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Registry } from '@turnpike/server'
import { promtool } from './promtool.fixture.ts'

export const ALERTS_FILE = path.resolve(import.meta.dirname, '../../../infra/prometheus/alerts.yaml')
const rules = readFileSync(ALERTS_FILE, 'utf8')

export const ALERT_NAMES = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name)

/** Exactly these alerts, in any order, fire at evaluations later than `after` and up to `upTo`. Seconds. */
interface Expected {
  readonly after: number
  readonly upTo: number
  readonly alerts: readonly string[]
}

/** What was scraped from a registry, and what Prometheus makes of it. */
export class Scrapes {
  /** By its name and labels: its value at each second of a scrape. */
  readonly #series = new Map<string, Map<number, number>>()

  /** Takes the values of the metrics that an alert rule names. @param second whole, and later than the last one */
  async take(second: number, registry: Registry): Promise<void> {
    for (const { name, values } of await registry.getMetricsAsJSON()) {
      if (!rules.includes(name)) continue
      for (const { labels, value } of values) {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(String(text))}`)
        const series = `${name}{${pairs.join(',')}}`
        const points = this.#series.get(series) ?? new Map<number, number>()
        this.#series.set(series, points.set(second, value))
      }
    }
  }

  /**
   * Rejects, saying what fired instead, unless the alert rules do as expected when they are evaluated every 15 s from 0 on.
   * @param among a regular expression: the alerts that the test is about
   */
  async expectAlerts(expected: readonly Expected[], among = '.+'): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-alerts-'))
    try {
      const file = path.join(folder, 'test.yaml')
      // JSON is YAML.
      await writeFile(file, JSON.stringify(this.#unitTest(expected, among)))
      await promtool('test', 'rules', file)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  #unitTest(expected: readonly Expected[], among: string) {
    const input = [...this.#series].map(([series, points]) => {
      const seconds = Array.from({ length: Math.max(...points.keys()) + 1 }, (_, second) => points.get(second) ?? '_')
      return { series, values: seconds.join(' ') }
    })
    const tests = expected.map(({ after, upTo, alerts }) => ({
      expr: `count by (alertname) (count_over_time(ALERTS{alertstate="firing",alertname=~"${among}"}[${upTo - after}s]))`,
      eval_time: `${upTo}s`,
      exp_samples: alerts.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
    }))
    return {
      rule_files: [ALERTS_FILE],
      evaluation_interval: '15s',
      tests: [{ interval: '1s', input_series: input, promql_expr_test: tests }],
    }
  }
}
