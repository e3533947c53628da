import { DIALECTS } from '@turnpike/domain/lists'
import { z } from 'zod'
import listed from '../../../prisma/seed/providers.json' with { type: 'json' }
import { between, dice, fingerprint } from './dice.ts'

export type DialectName = (typeof DIALECTS)[number]

/** One simulated provider, below its own path prefix: `/{name}/v1/…` or `/{name}/v1beta/…`. */
export interface Provider {
  readonly name: string
  readonly dialect: DialectName
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  /** Ends every stream with its usage, requested or not. */
  readonly tellsUsage?: true
}

/** The providers of every simulator, with speeds far enough apart to make routing visible. */
export const FLEET: readonly Provider[] = [
  { name: 'acorn', dialect: 'openai', firstTokenMs: 300, tokensPerSecond: 80 },
  { name: 'birch', dialect: 'anthropic', firstTokenMs: 500, tokensPerSecond: 60 },
  { name: 'cedar', dialect: 'google', firstTokenMs: 800, tokensPerSecond: 70 },
  { name: 'dogwood', dialect: 'openai', firstTokenMs: 1500, tokensPerSecond: 40 },
  { name: 'elm', dialect: 'openai', firstTokenMs: 200, tokensPerSecond: 140 },
  { name: 'fir', dialect: 'openai', firstTokenMs: 120, tokensPerSecond: 200 },
]

const Listed = z.array(z.object({ slug: z.string(), dialect: z.enum(DIALECTS) }))

/**
 * Every provider of the price list, under its slug, from which its speed follows: it says nothing of the real one.
 * Some real ones report usage unrequested and refuse the request for it, so all of these report it.
 */
export const LISTED_PROVIDERS: readonly Provider[] = Listed.parse(listed.providers).map(({ slug, dialect }) => {
  const roll = dice(fingerprint(slug))
  return {
    name: slug,
    dialect,
    firstTokenMs: between(roll, 150, 900),
    tokensPerSecond: between(roll, 40, 200),
    tellsUsage: true,
  }
})

/** The models listed. Any other name is served as well; one with "reason" in it thinks first. */
export const MODELS_LISTED: readonly string[] = ['swift-8b', 'sage-70b', 'owl-reasoner', 'embed-small']
