import type { EmbeddingRequest } from '@turnpike/domain'
import type { EmbeddingAnswer } from '../adapter.ts'
import { createCounter } from '../counter.ts'
import { answerIn } from '../explain.ts'
import { garbled, isFrame, listOf, vectorOf, within } from '../frame.ts'

export function encodeEmbeddings(request: EmbeddingRequest, model: string): Record<string, unknown> {
  const { input, dimensions, encodingFormat, user, extra } = request
  return { ...extra, model, input, dimensions, encoding_format: encodingFormat, user }
}

/** Vectors in the order of their inputs, which servers are free not to keep. */
export function decodeEmbeddings(body: unknown): EmbeddingAnswer {
  const answer = answerIn(body)
  const rows = listOf(answer['data']).filter(isFrame)
  if (rows.length === 0) throw garbled('an answer without vectors')
  const vectors: (readonly number[] | string)[] = Array.from({ length: rows.length })
  rows.forEach((row, position) => {
    const index = typeof row['index'] === 'number' ? row['index'] : position
    if (!(index in vectors) || vectors[index] !== undefined) throw garbled('vectors with wrong numbers')
    vectors[index] = typeof row['embedding'] === 'string' ? row['embedding'] : vectorOf(row['embedding'])
  })
  const { count, flags } = createCounter()
  const promptTokens = count(within(answer['usage'])['prompt_tokens'])
  return { vectors, promptTokens, ...flags }
}
