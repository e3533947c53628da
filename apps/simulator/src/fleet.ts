export type DialectName = 'openai' | 'anthropic' | 'google'

/** One named stand-in. It answers below its own path prefix: `/{name}/v1/…`, or `/{name}/v1beta/…` for Gemini-shaped ones. */
export interface Provider {
  readonly name: string
  readonly dialect: DialectName
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
}

/** The providers every simulator starts with: three dialects, and speeds far enough apart to make routing visible. */
export const FLEET: readonly Provider[] = [
  { name: 'acorn', dialect: 'openai', firstTokenMs: 300, tokensPerSecond: 80 },
  { name: 'birch', dialect: 'anthropic', firstTokenMs: 500, tokensPerSecond: 60 },
  { name: 'cedar', dialect: 'google', firstTokenMs: 800, tokensPerSecond: 70 },
  { name: 'dogwood', dialect: 'openai', firstTokenMs: 1500, tokensPerSecond: 40 },
  { name: 'elm', dialect: 'openai', firstTokenMs: 200, tokensPerSecond: 140 },
  { name: 'fir', dialect: 'openai', firstTokenMs: 120, tokensPerSecond: 200 },
]

/** What a provider lists as its models. Any other name is served as well; a name with "reason" in it thinks first. */
export const MODELS_LISTED: readonly string[] = ['swift-8b', 'sage-70b', 'owl-reasoner', 'embed-small']
