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
  encode: (request, model, secret) => ({
    path: '/messages',
    headers: { 'x-api-key': secret, 'anthropic-version': VERSION },
    body: JSON.stringify(encodeMessages(request, model)),
  }),
  decoder: anthropicDecoder,
  decodeWhole,
  explain,
}
