import { TOKENS_MAX } from '@turnpike/domain'
import { z } from 'zod'
import { list } from '../../http/list.ts'
import { chatBody } from '../inference/chat.schema.ts'

const ASSUMED_MAX = 50

/** The body of POST /route/explain: what a chat is routed by, and what to suppose. */
export const explainBody = z.looseObject({
  ...chatBody.shape,
  messages: chatBody.shape.messages.nullish(),
  /** How long the prompt is; absent: as long as the messages are. */
  prompt_tokens: z.int().min(0).max(TOKENS_MAX).nullish(),
  /** When the request comes: what schedules go by. Figures and prices stay those of now. */
  at: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-21T08:30:00Z' }).nullish(),
  /** Providers or endpoints that are supposed to be down. */
  assume_down: list(z.string().min(1).max(100), ASSUMED_MAX).nullish(),
  /** The dice; absent: one for which the likeliest endpoint goes first. */
  draw: z.number().min(0).lt(1, 'must be below 1').nullish(),
})

export type ExplainBody = z.infer<typeof explainBody>
