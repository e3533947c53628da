import { inject, TestRunner } from 'vitest'
import { note } from './figures.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Set in the runs of `npm run test:faults`. */
    everySample?: boolean
  }
}

/**
 * How many seeds or keys a test plays: a part of them in `npm test`, all of them in `npm run test:faults`, which shows the number
 * beside the test's name. A file that calls it is found by `vitest.faults.config.ts`.
 */
export function sampleSize(size: { readonly part: number; readonly all: number }): number {
  const count = inject('everySample') ? size.all : size.part
  const task = TestRunner.getCurrentTest()
  if (task) note({ task }, { 'sample size': count })
  return count
}
