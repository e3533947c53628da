import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** What a fault scenario measured, by name. */
    figures?: Record<string, number | string>
  }
}

/** Adds to what a scenario measured; `npm run test:faults` shows it beside the scenario's name. */
export function note({ task }: Pick<TestContext, 'task'>, figures: Record<string, number | string>): void {
  task.meta.figures = { ...task.meta.figures, ...figures }
}
