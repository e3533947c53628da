import { generationId, shownName, type ChatDelta, type Fault } from '@turnpike/domain'
import { openAiBody, refusalOf } from '@turnpike/server'
import type { Answer } from '../../call/answer.ts'
import { stringify } from '../../http/numeral.ts'
import { SYSTEM_FINGERPRINT, usageBody } from './chat-writer.ts'
import type { AnswerIdentity } from '../inference/open-call.ts'
import type { StreamWriter } from '../inference/stream-sink.ts'
import type { WholeWriter } from '../inference/whole-sink.ts'

/** Writes text_completion events. */
export function completionStream(identity: AnswerIdentity): StreamWriter {
  let answered: Answer | null = null
  return {
    comment: identity.comments ? ': TURNPIKE PROCESSING\n\n' : '',
    chunks(answer, deltas) {
      answered = answer
      return deltas
        .filter((delta) => delta.text || delta.finish)
        .map((delta) => `data: ${JSON.stringify({ ...headOf(identity, answer), choices: [choiceOf([delta])] })}\n\n`)
        .join('')
    },
    finish(answer, settled) {
      const last = {
        ...headOf(identity, answer),
        choices: [],
        usage: usageBody(settled),
        ...identity.extraFields?.(null),
      }
      return `data: ${stringify(last)}\n\ndata: [DONE]\n\n`
    },
    fail(fault: Fault) {
      const body = openAiBody(fault, refusalOf(fault, 0.5), `req-${identity.id}`)
      const choice = { index: 0, text: '', finish_reason: 'error', logprobs: null }
      const last = { ...headOf(identity, answered), ...body, choices: [choice], ...identity.extraFields?.(fault) }
      return `data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`
    },
  }
}

/** Writes one text_completion body. */
export function completionWhole(identity: AnswerIdentity): WholeWriter {
  return (answer, deltas, settled) => ({
    ...headOf(identity, answer),
    choices: [choiceOf(deltas)],
    usage: usageBody(settled),
    ...identity.extraFields?.(null),
  })
}

function headOf(identity: AnswerIdentity, answer: Answer | null) {
  return {
    id: generationId(identity.id),
    object: 'text_completion',
    created: identity.created,
    model: answer?.target.endpoint.model ?? '',
    provider: answer ? shownName(answer.target.provider) : '',
    system_fingerprint: SYSTEM_FINGERPRINT,
  }
}

function choiceOf(deltas: readonly ChatDelta[]) {
  const finish = deltas.findLast((delta) => delta.finish)?.finish
  return {
    index: 0,
    text: deltas.map((delta) => delta.text ?? '').join(''),
    finish_reason: finish?.reason ?? null,
    native_finish_reason: finish?.native ?? null,
    logprobs: null,
  }
}
