import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, type Registry }

/** A registry with the process's own figures. Labels never name tenants, keys or people: usage records do. */
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
      /** By the label's value. Every value from the first scrape on, or its first growth is not seen. */
      readonly readEach: () => Readonly<Record<string, number>>
    })

/** Registers a metric: each scrape reads its value from its owner. */
export function showMetric(metric: Metric, registers: Registry[]): void {
  const labelNames = 'label' in metric ? [metric.label] : []
  const base = { name: metric.name, help: metric.help, labelNames, registers }
  if (metric.name.endsWith('_total')) {
    new Counter({
      ...base,
      collect() {
        this.reset()
        for (const [labels, value] of valuesOf(metric)) this.inc(labels, value)
      },
    })
  } else {
    new Gauge({
      ...base,
      collect() {
        this.reset()
        for (const [labels, value] of valuesOf(metric)) this.set(labels, value)
      },
    })
  }
}

function valuesOf(metric: Metric): [Record<string, string>, number][] {
  if (!('label' in metric)) return [[{}, metric.read()]]
  return Object.entries(metric.readEach()).map(([value, count]) => [{ [metric.label]: value }, count])
}
