import type { ChatDelta } from '@turnpike/domain'
import type { Answer } from '../../call/answer.ts'
import { stringify } from '../../http/numeral.ts'
import { faultFields, identityBody, usageBody, type Json } from './chat-writer.ts'
import type { AnswerIdentity } from '../inference/open-call.ts'
import type { StreamWriter } from '../inference/stream-sink.ts'
import type { WholeWriter } from '../inference/whole-sink.ts'

/** Writes text_completion events. */
export function completionStream(identity: AnswerIdentity): StreamWriter {
  let answered: Answer | null = null
  const event = (fields: Json, toText: (event: Json) => string = stringify) =>
    `data: ${toText({ ...identityBody(identity, answered, 'text_completion'), ...fields })}\n\n`
  return {
    comment: identity.comments ? ': TURNPIKE PROCESSING\n\n' : '',
    chunks(answer, deltas) {
      answered = answer
      const shown = deltas.filter((delta) => delta.text || delta.finish)
      return shown.map((delta) => event({ choices: [choiceOf([delta])] }, JSON.stringify)).join('')
    },
    finish(answer, settled) {
      answered = answer
      const last = { choices: [], usage: usageBody(settled), ...identity.extraFields?.(null) }
      return `${event(last)}data: [DONE]\n\n`
    },
    fail(fault) {
      const choice = { index: 0, text: '', finish_reason: 'error', logprobs: null }
      return `${event({ choices: [choice], ...faultFields(identity, fault) })}data: [DONE]\n\n`
    },
  }
}

/** Writes one text_completion body. */
export function completionWhole(identity: AnswerIdentity): WholeWriter {
  return (answer, deltas, settled) => ({
    ...identityBody(identity, answer, 'text_completion'),
    choices: [choiceOf(deltas)],
    usage: usageBody(settled),
    ...identity.extraFields?.(null),
  })
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
