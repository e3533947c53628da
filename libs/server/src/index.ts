/** What every process of the house needs: settings, logs, metrics, a life cycle, one way out, and how faults look from outside. */
export { ConfigError, flag, httpUrl, milliseconds, port, readConfig } from './config.ts'
export { Egress, type EgressOptions, type Incoming, type Outgoing } from './egress.ts'
export { createLogger, describeError, type Logger } from './log.ts'
export { Counter, createMetrics, Gauge, Histogram, type Registry } from './metrics.ts'
export { openAiBody, problemBody, refusalOf, type Refusal } from './refusal.ts'
export { run, type Running } from './run.ts'
export { statusOf, type Outside } from './status-of.ts'
