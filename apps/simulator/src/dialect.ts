import type { IncomingHttpHeaders } from 'node:http'
import type { Fields } from './json.ts'
import type { Prompt } from './prompt.ts'
import type { Script } from './script.ts'

/** One wire format: its requests, answers and errors. Pure; waiting and sockets are elsewhere. */
export interface Dialect {
  /** What a path below the provider's prefix asks for; null for no such path. */
  route(method: string, path: string): Route | null
  /** The caller's credential; empty when there is none. */
  credential(headers: IncomingHttpHeaders, query: URLSearchParams): string
  /** Headers without which the family answers 400. */
  checkHeaders?(headers: IncomingHttpHeaders): void
  /** @throws Complaint when the family would refuse the body. */
  read(body: Fields, route: Route): Prompt
  frames(script: Script, about: About): Generator<Frame>
  whole(script: Script, about: About): string
  embeddings(body: Fields, about: About): Embedded
  /** A list of models, or the page of it that the query asks for. */
  models(names: readonly string[], query: URLSearchParams): string
  count(tokens: number): string
  headers(about: About): Record<string, string>
  complain(trouble: Trouble, about: About): Complained
  /** The same complaint inside a stream whose status was 200. */
  complainInStream(trouble: Trouble, about: About): string
}

export interface Route {
  readonly kind: 'answer' | 'embeddings' | 'models' | 'count'
  /** Families that name the model in the path say so here. */
  readonly model?: string
  readonly stream?: boolean
}

/** What an answer needs besides its text. */
export interface About {
  /** The request's number, unique for the life of the process; ids are made from it. */
  readonly seq: number
  readonly model: string
  readonly createdS: number
  /** Whether the path itself requests a stream. */
  readonly stream: boolean
  readonly usageInStream: boolean
  readonly showsThoughts: boolean
  readonly retryAfterSeconds: number
}

/** One event of a stream. What it is for decides what a fault may do to it. */
export interface Frame {
  readonly wire: string
  /** Tokens of the answer that this frame carries. */
  readonly tokens: number
  /** `end` is the mark by which the family says that nothing follows. */
  readonly part: 'start' | 'content' | 'finish' | 'usage' | 'end'
}

export interface Embedded {
  readonly body: string
  readonly tokens: number
}

export interface Trouble {
  readonly status: number
  readonly kind:
    | 'credential'
    | 'request'
    | 'missing'
    | 'too_large'
    | 'rate'
    | 'overload'
    | 'internal'
    | 'context'
    | 'moderation'
    | 'forbidden'
  readonly message: string
  /** The field of the request that is wrong. */
  readonly param?: string | undefined
}

export interface Complained {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** A request that the provider would refuse, answered in the dialect's own words. */
export class Complaint extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message)
    this.name = 'Complaint'
  }
}

/** The complaint about a wrong field. */
export function invalid(message: string, param?: string): Complaint {
  return new Complaint({ status: 400, kind: 'request', message, param })
}
