import type { Adapter } from '../adapter.ts'
import { explain } from '../explain.ts'
import { decodeWhole, googleDecoder } from './decode.ts'
import { decodeEmbeddings, encodeEmbeddings } from './embeddings.ts'
import { encodeContent } from './encode.ts'

/** The Gemini API. The base URL ends where `/models` begins: `https://generativelanguage.googleapis.com/v1beta`. */
export const google: Adapter = {
  dialect: 'google',
  reportsThinkingApart: true,
  encode: (request, model, secret) => ({
    path: `/${resourceOf(model)}${request.stream ? ':streamGenerateContent?alt=sse' : ':generateContent'}`,
    headers: authorized(secret),
    body: JSON.stringify(encodeContent(request, model)),
  }),
  decoder: googleDecoder,
  decodeWhole,
  explain,
  whoAmI: (secret) => ({ path: '/models?pageSize=1', headers: authorized(secret) }),
  embeddings: {
    reportsUsage: false,
    encode: (request, model, secret) => ({
      path: `/${resourceOf(model)}:batchEmbedContents`,
      headers: authorized(secret),
      body: JSON.stringify(encodeEmbeddings(request, resourceOf(model))),
    }),
    decode: decodeEmbeddings,
  },
}

/** `gemini-2.5-pro` → `models/gemini-2.5-pro`; a tuned model brings its own collection. */
function resourceOf(model: string): string {
  return encodeURI(model.includes('/') ? model : `models/${model}`)
}

/** A box of one's own may want no credential at all. */
function authorized(secret: string): Record<string, string> {
  return secret === '' ? {} : { 'x-goog-api-key': secret }
}
