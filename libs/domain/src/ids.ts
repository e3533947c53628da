/** Branded identifiers: a tenant's id cannot be passed where a key's id is meant. All are opaque strings outside this file. */
declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** An organisation: the unit that owns data, money and isolation. */
export type TenantId = Branded<'TenantId'>
export type WorkspaceId = Branded<'WorkspaceId'>
export type UserId = Branded<'UserId'>
/** The public half of an API key: 16 hexadecimal characters, safe to show and to log. */
export type KeyId = Branded<'KeyId'>
export type PolicyId = Branded<'PolicyId'>
/** `provider/author/slug`: one model at one provider. */
export type EndpointId = Branded<'EndpointId'>
/**
 * Where a request can go: an endpoint with the operator account, or, with `#` and the id of a BYOK resource, with that resource. Health,
 * candidates and attempts are kept by target, so that one tenant's bad key does not eject an endpoint for the others.
 */
export type TargetId = EndpointId | Branded<'OwnTargetId'>
/** A BYOK resource, a credential or an endpoint of a tenant: a UUID. */
export type OwnId = Branded<'OwnId'>
/** `author/slug`, what callers name. */
export type ModelSlug = Branded<'ModelSlug'>
export type ProviderSlug = Branded<'ProviderSlug'>
/** `yyyymmdd-` and 20 base62 characters. The date is the UTC day on which the request began, which names its partition. */
export type RequestId = Branded<'RequestId'>

/** The target of an endpoint with a BYOK resource. */
export function ownTarget(endpoint: EndpointId, owner: OwnId): TargetId {
  return `${endpoint}#${owner}` as TargetId
}

/** The endpoint of a target, without the account. */
export function endpointOf(target: TargetId): EndpointId {
  const mark = target.indexOf('#')
  return (mark < 0 ? target : target.slice(0, mark)) as EndpointId
}

/** The BYOK resource of a target; null: the operator account. */
export function ownerOf(target: TargetId): OwnId | null {
  const mark = target.indexOf('#')
  return mark < 0 ? null : (target.slice(mark + 1) as OwnId)
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 20
const REQUEST_ID = /^\d{8}-[0-9A-Za-z]{20}$/

/**
 * Makes a request id from the time a request began and at least 20 random bytes.
 * A byte modulo 62 is slightly uneven; 20 characters still carry more than 118 bits, which is what uniqueness needs.
 */
export function newRequestId(beganAtMs: number, random: Uint8Array): RequestId {
  const day = new Date(beganAtMs).toISOString().slice(0, 10).replaceAll('-', '')
  let tail = ''
  for (let i = 0; i < RANDOM_LENGTH; i++) tail += DIGITS[(random[i] ?? 0) % 62]
  return `${day}-${tail}` as RequestId
}

/** The UTC day carried in the id, as `yyyy-mm-dd`. */
export function dayOf(id: RequestId): string {
  return `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}`
}

/** The id as callers see it on answers: `gen-` and the request id. */
export function generationId(id: RequestId): string {
  return `gen-${id}`
}

/** Reads `gen-…` or `req-…` back; null when it is neither, or names a day that no calendar has. */
export function parseRequestId(text: string): RequestId | null {
  const bare = /^(?:gen|req)-(.*)$/.exec(text)?.[1] ?? text
  return REQUEST_ID.test(bare) && isDay(dayOf(bare as RequestId)) ? (bare as RequestId) : null
}

/** Whether `yyyy-mm-dd` exists; `Date.parse` alone takes 30 February for the second of March. */
function isDay(text: string): boolean {
  const atMs = Date.parse(text)
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text)
}
