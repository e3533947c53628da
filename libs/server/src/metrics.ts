import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export { Counter, Histogram, type Registry }

/** With the process's own figures. Labels never name tenants, keys or people: usage records do. */
export function createMetrics(process: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ process })
  collectDefaultMetrics({ register: registry })
  return registry
}

interface Named {
  /** As Prometheus shows it. A name that ends in `_total` makes it a count that only grows. */
  readonly name: string
  readonly help: string
}

/** A figure that its owner keeps and a scrape reads. Figures of one name differ in the value of their label. */
export type Metric =
  | (Named & { readonly read: () => number })
  | (Named & {
      readonly label: string
      /** By the label's value, each from the first scrape on: else its first growth is not seen. */
      readonly readEach: () => Readonly<Record<string, number>>
    })

export function showMetric(metric: Metric, registers: Registry[]): void {
  const { name, help } = metric
  const labelNames = 'label' in metric ? [metric.label] : []
  const shown: Counter | Gauge = new (name.endsWith('_total') ? Counter : Gauge)({
    ...{ name, help, labelNames, registers },
    collect() {
      shown.reset()
      for (const [labels, value] of valuesOf(metric)) shown.inc(labels, value)
    },
  })
}

function valuesOf(metric: Metric): [Record<string, string>, number][] {
  if (!('label' in metric)) return [[{}, metric.read()]]
  return Object.entries(metric.readEach()).map(([value, count]) => [{ [metric.label]: value }, count])
}
