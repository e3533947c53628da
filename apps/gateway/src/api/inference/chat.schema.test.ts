import { Fault } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { parse } from '../../http/parse.ts'
import { completionBody } from '../chat/completion.schema.ts'
import { embeddingBody } from '../embeddings/embeddings.schema.ts'
import { chatBody } from './chat.schema.ts'

const messages = [{ role: 'user', content: 'What is a turnpike?' }]

function refusalOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error instanceof Fault ? { code: error.code, param: error.facts.param } : error
  }
  return null
}

describe('a number that no column holds', () => {
  it.each<[string, object]>([
    ['max_tokens', { max_tokens: 2_147_483_648 }],
    ['max_tokens', { max_tokens: 100_000_001 }],
    ['max_completion_tokens', { max_completion_tokens: 2_147_483_648 }],
    ['reasoning.max_tokens', { reasoning: { max_tokens: 2_147_483_648 } }],
    ['top_k', { top_k: 2_147_483_648 }],
    ['seed', { seed: 2 ** 53 }],
    ['seed', { seed: -(2 ** 53) }],
    ['top_logprobs', { top_logprobs: 21 }],
    ['n', { n: 2 }],
  ])('is refused by the name of its field: %s in %j', (param, body) => {
    expect(refusalOf(() => parse(chatBody, { messages, ...body }))).toEqual({ code: 'request_invalid', param })
  })

  it('is refused in a completion and in embeddings too', () => {
    const completion = () => parse(completionBody, { prompt: 'A turnpike is', max_tokens: 2_147_483_648 })
    expect(refusalOf(completion)).toEqual({ code: 'request_invalid', param: 'max_tokens' })
    const embeddings = () => parse(embeddingBody, { input: 'A turnpike', dimensions: 1_000_001 })
    expect(refusalOf(embeddings)).toEqual({ code: 'request_invalid', param: 'dimensions' })
    const tokens = () => parse(embeddingBody, { input: [[2_147_483_648]] })
    expect(refusalOf(tokens)).toMatchObject({ code: 'request_invalid', param: expect.stringMatching(/^input/) })
  })

  it('is accepted one below', () => {
    const most = {
      max_tokens: 100_000_000,
      max_completion_tokens: 100_000_000,
      top_k: 2_147_483_647,
      seed: 2 ** 53 - 1,
    }
    expect(parse(chatBody, { messages, ...most })).toMatchObject(most)
  })
})
