import { createMetrics, showMetric, type Registry } from '@turnpike/server'

/** What a worker counts. */
export interface WorkerCounts {
  jobsFailed: number
  queueStops: number
}

/** The figures of a worker. */
export function createWorkerMetrics(counts: Readonly<WorkerCounts>): Registry {
  const registry = createMetrics('worker')
  const jobsFailed = () => counts.jobsFailed
  const queueStops = () => counts.queueStops
  const shown = [
    {
      name: 'turnpike_jobs_failed_total',
      help: 'Attempts of jobs that failed; a job is tried again.',
      read: jobsFailed,
    },
    {
      name: 'turnpike_job_queue_stops_total',
      help: 'Times the job queue stopped and was started again.',
      read: queueStops,
    },
  ]
  for (const metric of shown) showMetric(metric, [registry])
  return registry
}
