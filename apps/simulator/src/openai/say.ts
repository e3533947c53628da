import type { About, Frame } from '../dialect.ts'
import type { Call, Finish, Script, Usage } from '../script.ts'

/** Streams an answer as `chat.completion.chunk` events. */
export function* frames(script: Script, about: About): Generator<Frame> {
  const head = `data: {"id":"${idOf(about)}","object":"chat.completion.chunk","created":${about.createdS},"model":${JSON.stringify(about.model)},"service_tier":"default","system_fingerprint":"fp_simulated","choices":[`
  const tail = about.usageInStream ? '],"usage":null}\n\n' : ']}\n\n'
  const choice = (delta: string, finish: string): string =>
    `${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}${tail}`
  const content = (delta: string, tokens = 1): Frame => ({ wire: choice(delta, 'null'), tokens, part: 'content' })

  yield { wire: choice('{"role":"assistant","content":"","refusal":null}', 'null'), tokens: 0, part: 'start' }
  for (const piece of script.thoughts) yield shown(content(`{"reasoning_content":${JSON.stringify(piece)}}`), about)
  const field = script.finish === 'refusal' ? 'refusal' : 'content'
  for (const piece of script.pieces) yield content(`{"${field}":${JSON.stringify(piece)}}`)
  for (const [index, call] of script.calls.entries()) {
    yield content(
      `{"tool_calls":[{"index":${index},"id":"${callId(call)}","type":"function","function":{"name":${JSON.stringify(call.name)},"arguments":""}}]}`,
      0,
    )
    for (const piece of call.pieces) {
      yield content(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(piece)}}}]}`)
    }
  }
  yield { wire: choice('{}', `"${FINISH[script.finish]}"`), tokens: 0, part: 'finish' }
  if (about.usageInStream && script.reported) {
    yield { wire: `${head}],"usage":${JSON.stringify(usageOf(script.reported))}}\n\n`, tokens: 0, part: 'usage' }
  }
  yield { wire: 'data: [DONE]\n\n', tokens: 0, part: 'end' }
}

/** A thought that is not shown takes its time and says nothing. */
function shown(frame: Frame, about: About): Frame {
  return about.showsThoughts ? frame : { ...frame, wire: '' }
}

/** The whole answer as one `chat.completion`. */
export function whole(script: Script, about: About): string {
  const text = script.pieces.join('')
  const refused = script.finish === 'refusal'
  const message = {
    role: 'assistant',
    content: refused || (text === '' && script.calls.length > 0) ? null : text,
    refusal: refused ? text : null,
    annotations: [],
    ...(script.thoughts.length > 0 && about.showsThoughts && { reasoning_content: script.thoughts.join('') }),
    ...(script.calls.length > 0 && { tool_calls: script.calls.map(wholeCall) }),
  }
  return JSON.stringify({
    id: idOf(about),
    object: 'chat.completion',
    created: about.createdS,
    model: about.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH[script.finish] }],
    ...(script.reported && { usage: usageOf(script.reported) }),
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
  })
}

const FINISH: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  refusal: 'stop',
}

function wholeCall(call: Call): unknown {
  return { id: callId(call), type: 'function', function: { name: call.name, arguments: call.pieces.join('') } }
}

function callId(call: Call): string {
  return `call_${call.id}`
}

function idOf(about: About): string {
  return `chatcmpl-sim${String(about.seq).padStart(12, '0')}`
}

function usageOf(usage: Usage): unknown {
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
