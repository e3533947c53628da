import type { Adapter } from '../adapter.ts'
import { explain } from '../explain.ts'
import { anthropicDecoder } from './decode.ts'
import { encodeMessages } from './encode.ts'
import { decodeWhole } from './message.ts'

/** The newest version of the API is opt-in; this one is what the frames are read by. */
const VERSION = '2023-06-01'

/** Anthropic's Messages API. The base URL ends where `/messages` begins: `https://api.anthropic.com/v1`. */
export const anthropic: Adapter = {
  dialect: 'anthropic',
  reportsThinkingApart: false,
  encode: (request, model, secret) => ({
    path: '/messages',
    headers: authorized(secret),
    body: JSON.stringify(encodeMessages(request, model)),
  }),
  decoder: anthropicDecoder,
  decodeWhole,
  explain,
  whoAmI: (secret) => ({ path: '/models?limit=1', headers: authorized(secret) }),
}

/** A box of one's own may want no credential at all. */
function authorized(secret: string): Record<string, string> {
  return { 'anthropic-version': VERSION, ...(secret !== '' && { 'x-api-key': secret }) }
}
