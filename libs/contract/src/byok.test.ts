import { describe, expect, it } from 'vitest'
import { ManagedByokCreate, ManagedByokKey, ManagedByokPatch } from './managed-byok.ts'
import {
  OwnEndpointAnswer,
  OwnEndpointChange,
  OwnEndpointCreate,
  ProviderKey,
  ProviderKeyChange,
  ProviderKeyCreate,
  SecretReplace,
} from './byok.ts'

const KEY = { provider: 'acorn', name: 'ours', secret: 'sk-canary-0001' }
const ENDPOINT = {
  name: 'The box',
  slug: 'box',
  dialect: 'openai',
  baseUrl: 'https://llm.example.com/v1',
  upstreamModel: 'llama',
  model: '~tenant/llama',
  contextLength: 8_192,
  price: { prompt: '0', completion: '0', request: '0' },
}

const firstMessage = (parsed: { error?: { issues: readonly { message: string }[] } | undefined }) =>
  parsed.error?.issues[0]?.message

describe('what is sent for a provider key', () => {
  it('fills what is not said', () => {
    expect(ProviderKeyCreate.parse(KEY)).toEqual({
      ...KEY,
      placement: 'first',
      priority: 0,
      share: 1,
      models: null,
      keys: null,
      disabled: false,
      creditFallback: true,
    })
  })

  it.each([
    [{ secret: 'short' }, 'at least 8'],
    [{ secret: 'x'.repeat(8_193) }, 'at most 8192'],
    [{ secret: 'sk-with a space' }, 'visible characters'],
    [{ secret: 'sk-canary\r\nx-evil: 1' }, 'visible characters'],
    [{ secret: 'schlüssel-0001' }, 'visible characters'],
    [{ priority: 100 }, '0 to 99'],
    [{ share: 0 }, '1 to 1000'],
    [{ share: 0.5 }, '1 to 1000'],
    [{ models: [] }, 'null for all'],
    [{ keys: ['production'] }, '16 hexadecimal'],
    [{ keys: Array.from({ length: 101 }, () => '00112233aabbccdd') }, 'at most 100'],
    [{ name: ' ' }, 'Give it a name'],
    [{ placement: 'last' }, 'first'],
    [{ boundTo: 'https://evil.example' }, 'boundTo'],
  ])('refuses %o, and says what fits', (change, said) => {
    expect(firstMessage(ProviderKeyCreate.safeParse({ ...KEY, ...change }))).toContain(said)
  })

  it('changes neither provider nor secret by the way', () => {
    expect(ProviderKeyChange.safeParse({ provider: 'birch' }).success).toBe(false)
    expect(ProviderKeyChange.safeParse({ secret: 'sk-canary-0001' }).success).toBe(false)
    expect(ProviderKeyChange.parse({ models: null })).toEqual({ models: null })
  })
})

describe('the form of an own endpoint', () => {
  it('counts as kept what is not said of prompts', () => {
    expect(OwnEndpointCreate.parse(ENDPOINT)).toMatchObject({
      retainsPrompts: true,
      zeroRetention: false,
      regions: [],
      secret: null,
    })
  })

  it.each([
    [{ price: { prompt: '0', completion: '0' } }, 'decimal string'],
    [{ price: { prompt: 0.15, completion: '0', request: '0' } }, 'decimal string'],
    [{ price: { prompt: '-1', completion: '0', request: '0' } }, 'decimal string'],
    [{ price: { prompt: '10000.000000001', completion: '0', request: '0' } }, '10000 dollars at most'],
    [{ price: { prompt: '0', completion: '0', cached: '999999999', request: '0' } }, '10000 dollars at most'],
    [{ price: { prompt: '0', completion: '0', request: '10001' } }, '10000 dollars at most'],
    [{ slug: 'The Box' }, 'a to z'],
    [{ slug: '~box' }, 'a to z'],
    [{ contextLength: 0 }, '1'],
    [{ regions: ['de', 'Germany'] }, 'two letters'],
    [{ regions: Array.from({ length: 21 }, () => 'de') }, '20'],
  ])('refuses %o', (change, said) => {
    expect(firstMessage(OwnEndpointCreate.safeParse({ ...ENDPOINT, ...change }))).toContain(said)
  })

  it('keeps slug and model for good', () => {
    expect(OwnEndpointChange.safeParse({ slug: 'other' }).success).toBe(false)
    expect(OwnEndpointChange.safeParse({ model: '~tenant/other' }).success).toBe(false)
    expect(OwnEndpointChange.parse({ secret: null, disabled: true })).toEqual({ secret: null, disabled: true })
  })
})

it('has no place for a secret in any answer', () => {
  for (const shape of [ProviderKey.shape, OwnEndpointAnswer.shape.data.shape, ManagedByokKey.shape]) {
    const names = Object.keys(shape)
    expect(names.filter((name) => /secret|sealed|wrapped|^key$/i.test(name))).toEqual([])
  }
  expect(SecretReplace.parse({ secret: ' sk-canary-0001 ' })).toEqual({ secret: 'sk-canary-0001' })
})

describe('what is sent to the management API', () => {
  const BYOK = { provider: 'acorn', key: 'sk-canary-0001' }

  it('takes what OpenRouter’s clients send, nulls too', () => {
    const sent = {
      ...BYOK,
      name: null,
      disabled: false,
      is_fallback: true,
      allowed_models: null,
      allowed_api_key_hashes: null,
      allowed_user_ids: null,
      workspace_id: null,
      is_required: false,
      is_byok_only: false,
    }
    expect(ManagedByokCreate.safeParse(sent).success).toBe(true)
    expect(ManagedByokPatch.parse({ key: 'sk-canary-0002', allowed_models: null })).toBeTruthy()
  })

  it.each([
    [{ is_required: true }, 'own_capacity'],
    [{ is_byok_only: true }, 'own_capacity'],
    [{ allowed_user_ids: ['user_1'] }, 'allowed_api_key_hashes'],
    [{ workspace_id: '0f8fad5b-d9cb-469f-a165-70867728950e' }, 'allowed_api_key_hashes'],
    [{ declared_zdr: true }, 'declared_zdr'],
  ])('refuses %o, which is not kept here, and names what is', (change, said) => {
    expect(firstMessage(ManagedByokCreate.safeParse({ ...BYOK, ...change }))).toContain(said)
  })
})
