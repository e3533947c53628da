import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nameModel, type Naming } from './names.ts'
import { factsOf } from './providers.ts'

const FACTS = new Map(factsOf([]).map((facts) => [facts.slug, facts]))
const slugOf = (provider: string, id: string) => {
  const facts = FACTS.get(provider)
  if (!facts) throw new Error(`there is no provider ${provider}`)
  return nameModel(id, facts).slug
}

it.each([
  ['anthropic', 'claude-sonnet-4-5', 'anthropic/claude-sonnet-4.5'],
  ['amazon-bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic/claude-sonnet-4.5'],
  ['google-vertex', 'claude-sonnet-4-5', 'anthropic/claude-sonnet-4.5'],
  ['openrouter', 'anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4.5'],
  ['anthropic', 'claude-opus-4-0', 'anthropic/claude-opus-4'],
  ['google-vertex', 'claude-4-opus', 'anthropic/claude-opus-4'],
  ['amazon-bedrock', 'regional.anthropic.claude-3-5-haiku-20241022-v1:0', 'anthropic/claude-3.5-haiku'],
  ['fireworks', 'llama-v3p1-8b-instruct', 'meta-llama/llama-3.1-8b-instruct'],
  ['amazon-bedrock', 'meta.llama3-1-8b-instruct-v1:0', 'meta-llama/llama-3.1-8b-instruct'],
  ['ovhcloud', 'Meta-Llama-3_3-70B-Instruct', 'meta-llama/llama-3.3-70b-instruct'],
  ['groq', 'meta-llama/llama-4-maverick-17b-128e-instruct', 'meta-llama/llama-4-maverick'],
  ['cloudflare', '@cf/zai-org/glm-4.7-flash', 'z-ai/glm-4.7-flash'],
  ['huggingface-novita', 'deepseek-ai/DeepSeek-V3', 'deepseek/deepseek-chat'],
  ['huggingface-novita', 'Qwen/Qwen3-235B-A22B-Instruct-2507', 'qwen/qwen3-235b-a22b-2507'],
  ['amazon-bedrock', 'mistral.mistral-large-3-675b-instruct', 'mistralai/mistral-large-2512'],
  ['cerebras', 'gpt-oss-120b', 'openai/gpt-oss-120b'],
  ['amazon-bedrock', 'openai.gpt-oss-120b-1:0', 'openai/gpt-oss-120b'],
  ['perplexity', 'sonar-pro', 'perplexity/sonar-pro'],
])('knows what %s calls %s', (provider, id, slug) => {
  expect(slugOf(provider, id)).toBe(slug)
})

it.each([
  ['two releases of one name', 'claude-3-5-sonnet-20240620', 'claude-3-5-sonnet-20241022'],
  ['a quicker one from the plain one', 'deepseek-ai/GLM-5.2', 'deepseek-ai/GLM-5.2-Fast'],
  ['a later revision', 'moonshotai/Kimi-K2-Instruct', 'moonshotai/Kimi-K2-Instruct-0905'],
  ['one that thinks', 'Qwen/Qwen3-235B-A22B-Instruct-2507', 'Qwen/Qwen3-235B-A22B-Thinking-2507'],
  ['a distilled one', 'deepseek-ai/DeepSeek-R1', 'deepseek-ai/DeepSeek-R1-Distill-Llama-70B'],
  ['one size', 'meta-llama/Llama-3.1-8B-Instruct', 'meta-llama/Llama-3.1-70B-Instruct'],
])('tells %s apart', (_difference, one, other) => {
  const naming = { author: 'somebody' }
  expect(nameModel(one, naming).slug).not.toBe(nameModel(other, naming).slug)
})

it('reads the precision off the name and leaves it out of the slug', () => {
  expect(nameModel('zai-org/GLM-4.5-Air-FP8', { author: 'x' })).toEqual({
    slug: 'z-ai/glm-4.5-air',
    quantization: 'fp8',
  })
  expect(nameModel('zai-org/GLM-4.5-Air', { author: 'x' })).toEqual({
    slug: 'z-ai/glm-4.5-air',
    quantization: 'unknown',
  })
})

it('gives what nobody knows the author of the list, and never fails', () => {
  expect(nameModel('Brand-New-1', { author: 'acme' }).slug).toBe('acme/brand-new-1')
  const naming: Naming = { author: 'acme' }
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (id) => {
      const { slug } = nameModel(id, naming)
      expect(slug).toContain('/')
      expect(slug).toBe(slug.toLowerCase())
    }),
  )
})

it('names a name that it gave by itself again', () => {
  const slugs = ['anthropic/claude-opus-4.8', 'amazon/nova-lite-v1', 'qwen/qwen3-coder', 'meta-llama/llama-4-scout']
  for (const slug of slugs) expect(nameModel(slug, { author: 'x' }).slug).toBe(slug)
})
