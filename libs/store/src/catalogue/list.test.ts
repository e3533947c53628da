import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { installedList, listedEntries, type ListedModel } from './list.ts'
import { Facts, INSTALLED_ORIGIN } from './providers.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const installed = listedEntries(installedList(), INSTALLED_ORIGIN, NOW).entries

function listOf(...models: ListedModel[]) {
  return listedEntries([{ id: 'groq', models }], 'test', NOW)
}

const MODEL: ListedModel = {
  id: 'openai/gpt-oss-120b',
  context_window: 131_072,
  prices: { input_mtok: 0.15, output_mtok: 0.6 },
}

it('names the price list that is installed, and a day, as the origin', async () => {
  const folder = path.resolve(import.meta.dirname, '../../../../node_modules/@pydantic/genai-prices/package.json')
  const { name, version } = JSON.parse(await readFile(folder, 'utf8')) as { name: string; version: string }
  expect(INSTALLED_ORIGIN).toMatch(new RegExp(`^${name} ${version.replaceAll('.', '\\.')}, \\d{4}-\\d\\d-\\d\\d$`))
})

it('has several hundred models at dozens of providers, each endpoint of a model and a provider that are there', () => {
  const { models, providers, endpoints } = installed
  expect([models.length > 350, endpoints.length > 700]).toEqual([true, true])
  expect(new Set(endpoints.map(({ provider }) => provider)).size).toBeGreaterThan(30)
  const slugs = new Set([...models, ...providers].map(({ slug }) => slug as string))
  expect(endpoints.filter(({ model, provider }) => !slugs.has(model) || !slugs.has(provider))).toEqual([])
  expect(new Set(endpoints.map(({ id }) => id)).size).toBe(endpoints.length)
})

it('converts every price without losing a nano-dollar, and knows one for every endpoint', () => {
  for (const { id, price, contextLength } of installed.endpoints) {
    expect(price?.prompt, id).toBeGreaterThan(0n)
    expect(contextLength, id).toBeGreaterThan(0)
    for (const tier of price?.tiers ?? []) expect(tier.abovePromptTokens, id).toBeGreaterThan(0)
  }
  const sonar = installed.endpoints.find(({ id }) => id === 'perplexity/perplexity/sonar-pro')
  expect(sonar?.price).toMatchObject({ prompt: 3_000_000_000n, completion: 15_000_000_000n, request: 14_000_000n })
})

it('joins a model’s endpoints, and says what it can read, do and teach', () => {
  const of = (slug: string) => installed.models.find((model) => model.slug === slug)
  const endpoints = installed.endpoints.filter(({ model }) => model === 'openai/gpt-oss-120b')
  expect(endpoints.length).toBeGreaterThan(10)
  expect(of('openai/gpt-oss-120b')).toMatchObject({
    distillable: true,
    inputModalities: ['text'],
    outputModalities: ['text'],
  })
  expect(endpoints[0]?.supportedParameters).toEqual(expect.arrayContaining(['tools', 'reasoning']))
  expect(of('google/gemini-2.5-pro')?.inputModalities).toEqual(['text', 'image', 'audio', 'file'])
  expect(of('voyageai/voyage-code-3')).toMatchObject({ outputModalities: ['embeddings'], categories: ['programming'] })
  expect(of('mistralai/mistral-nemo')?.contextLength).toBeGreaterThan(60_000)
})

it('promises nothing that it does not know', () => {
  const of = (slug: string) => installed.providers.find((provider) => provider.slug === slug)
  expect(of('avian')).toMatchObject({ retainsPrompts: true, zeroRetention: false, regions: [] })
  expect(of('openai')).toMatchObject({ retainsPrompts: false, zeroRetention: false })
  expect(of('amazon-bedrock')?.baseUrl).toBe('')
  expect(of('huggingface-novita')?.failureDomain).toBe('novita')
})

it('says where a provider processes only of those whose terms name the place', () => {
  const known = installed.providers.filter(({ regions }) => regions && regions.length > 0)
  expect(known.map(({ slug, regions }) => [slug, regions])).toEqual([
    ['deepseek', ['cn']],
    ['mistral', ['eu']],
    ['ovhcloud', ['fr']],
  ])
})

it('leaves out what has no price, no length, no route here, or a second place at one provider', () => {
  const { entries, leftOut } = listOf(
    MODEL,
    { ...MODEL, id: 'openai/GPT-OSS-120B' },
    { ...MODEL, id: 'gone', deprecated: true },
    { ...MODEL, id: 'whisper-large-v3' },
    { ...MODEL, id: 'boundless', context_window: undefined },
    { ...MODEL, id: 'free', prices: { input_mtok: 0, output_mtok: 0 } },
    { ...MODEL, id: 'half', prices: { input_mtok: 1 } },
    { ...MODEL, id: 'fine', prices: { input_mtok: 1e-10, output_mtok: 1 } },
    {
      ...MODEL,
      id: 'nightly',
      prices: [
        {
          constraint: { type: 'time_of_date', start_time: '00:30:00Z', end_time: '16:30:00Z' },
          prices: { input_mtok: 1, output_mtok: 1 },
        },
      ],
    },
  )
  expect(entries.endpoints.map(({ id }) => id)).toEqual(['groq/openai/gpt-oss-120b'])
  expect(leftOut).toEqual({ withdrawn: 1, unserved: 1, unlimited: 1, unpriced: 4, repeated: 1 })
})

it('follows dated prices from their day on', () => {
  const prices = ['2025-06-09', '2025-06-11'].map((day) => {
    const { entries } = listedEntries(installedList(), 'test', new Date(day))
    return entries.endpoints.find(({ id }) => id === 'openai/openai/o3')?.price?.prompt
  })
  expect(prices).toEqual([10_000_000_000n, 2_000_000_000n])
})

it('takes providers that a list brings itself, without new code', () => {
  const { entries } = listedEntries([{ id: 'acme', models: [MODEL] }], 'test', NOW, {
    providers: [
      Facts.parse({
        slug: 'acme',
        name: 'Acme',
        list: 'acme',
        dialect: 'openai',
        baseUrl: 'https://api.acme.example/v1/',
        parameters: 'common',
        regions: ['de'],
      }),
    ],
  })
  expect(entries.providers.map(({ slug, baseUrl, regions }) => [slug, baseUrl, regions])).toEqual([
    ['acme', 'https://api.acme.example/v1', ['de']],
  ])
  expect(entries.endpoints.map(({ id }) => id)).toEqual(['acme/openai/gpt-oss-120b'])
})
