import * as fc from 'fast-check'
import { live, type Tally } from './world.fixture.ts'
import { history } from './steps.fixture.ts'

/** What many runs amounted to. */
interface Courses extends Tally {
  seeds: number
}

/**
 * Lives through that many histories, each from a seed of its own.
 * @throws Error with the seed and the shortest history found that goes wrong, and what goes wrong in it
 */
export async function liveThrough(seeds: number): Promise<Courses> {
  const courses: Courses = { seeds: 0, validAnswers: 0, revocations: 0, permitsMost: 0 }
  const property = fc.asyncProperty(history, async (one) => {
    const { validAnswers, revocations, permitsMost } = await live(one)
    courses.seeds++
    courses.validAnswers += validAnswers
    courses.revocations += revocations
    courses.permitsMost = Math.max(courses.permitsMost, permitsMost)
  })
  await fc.assert(property, { numRuns: seeds })
  return courses
}
