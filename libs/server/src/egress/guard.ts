import { Fault } from '@turnpike/domain'
import { isIP } from 'node:net'
import { canonicalAddress, notPublic } from './addresses.ts'
import type { EgressAllow } from './allow.ts'
import { lookUpByNameServers, type NameLookup } from './lookup.ts'

/** A base URL that was judged before it is saved. */
export type UrlJudgement =
  /** `url` in its one spelling, without a slash at its end; `origin` is where its credential may go. */
  | { readonly ok: true; readonly url: string; readonly origin: string }
  /** For the tenant, to go on from “The base URL ”. */
  | { readonly ok: false; readonly why: string }

export interface Refusal {
  readonly ok: false
  readonly why: string
  /** The same where the caller may not be told what a name resolves to. */
  readonly rule: string
}

/** Where tenants' endpoints may listen. Other ports are other protocols: mail, databases, somebody's administration. */
const PORTS: readonly number[] = [443, 8443]
const URL_LENGTH_MAX = 2_000
const LOOKUP_MS = 2_000

/**
 * Judges a URL that a tenant wrote, as each later connection to it will be judged: by its text, and by every address that its name
 * has now. Takes 2 s at most, and never throws.
 */
export async function judgeUrl(
  text: string,
  allow: EgressAllow,
  lookup: NameLookup = lookUpByNameServers(),
): Promise<UrlJudgement> {
  const judged = judgeText(text, allow)
  if (!judged.ok) return { ok: false, why: judged.why }
  const { url } = judged
  const host = hostOf(url)
  const addresses = isIP(host) > 0 ? [host] : await lookUpInTime(host, lookup)
  if (typeof addresses === 'string') return { ok: false, why: addresses }
  const led = judgeAddresses({ host, protocol: url.protocol, port: portOf(url) }, addresses, allow)
  if (!led.ok) return { ok: false, why: led.why }
  return { ok: true, url: url.origin + prefixOf(url), origin: url.origin }
}

/** Judges what can be judged without a look-up: how the URL is written. */
export function judgeText(text: string, allow: EgressAllow): { readonly ok: true; readonly url: URL } | Refusal {
  if (text.length > URL_LENGTH_MAX) return refusal(`is longer than ${URL_LENGTH_MAX} characters`)
  // A parser drops some of these and reads others as slashes: whoever reads the text sees another host than the parser.
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(text)) return refusal('contains a character that a URL cannot have')
  if (!URL.canParse(text)) return refusal('is not a URL')
  if (!/^https?:\/\/[^/]/i.test(text)) return refusal('must begin with https://')
  if (text.includes('#')) return refusal('must not have a fragment (#)')
  if (text.includes('?')) return refusal('must not have a query (?)')
  if (/^[^/]*\/\/[^/]*@/.test(text)) return refusal('must not have a user name or a password (@)')
  const url = new URL(text)
  if (url.hostname.endsWith('.')) return refusal('must not have a dot at the end of its host name')
  const port = portOf(url)
  if (!isPublicWay(url.protocol, port) && !allow.hasPort(port)) return wrongWay(url.protocol, port)
  return { ok: true, url }
}

/** Where a connection is to go, before it is known to which address. */
export interface Destination {
  /** A name or an address, without brackets. */
  readonly host: string
  /** `https:` */
  readonly protocol: string
  readonly port: number
}

/**
 * Which of a host's addresses may be connected to: those that the operator allows, or, without such, all of them, if every single one
 * is public. One that is not refuses them all, since the order of an answer is its sender's choice.
 */
export function judgeAddresses(
  { host, protocol, port }: Destination,
  addresses: readonly string[],
  allow: EgressAllow,
): { readonly ok: true; readonly addresses: readonly string[] } | Refusal {
  const allowed = addresses.filter((address) => allow.has(address, port))
  if (allowed.length > 0) return { ok: true, addresses: allowed }
  if (!isPublicWay(protocol, port)) return wrongWay(protocol, port)
  for (const address of addresses) {
    const kind = notPublic(address)
    if (kind === null) continue
    const leads = isIP(host) > 0 ? 'names' : 'resolves to'
    return {
      ok: false,
      why: `${leads} ${canonicalAddress(address)}, which is ${kind}`,
      rule: 'does not lead to a public address',
    }
  }
  return { ok: true, addresses }
}

/** What a caller is told whose request would have gone there. Not a byte of it has left. */
export function refusedWay({ rule }: Refusal): Fault {
  const detail = { code: 'EGRESS_REFUSED', sent: false }
  return new Fault('upstream_unreachable', `The endpoint was not called: its base URL ${rule}.`, { detail })
}

/** What comes before each path: none for a bare origin. */
export function prefixOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '')
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function portOf({ protocol, port }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

function isPublicWay(protocol: string, port: number): boolean {
  return protocol === 'https:' && PORTS.includes(port)
}

function wrongWay(protocol: string, port: number): Refusal {
  if (protocol !== 'https:') return refusal('must begin with https://')
  return refusal(`has port ${port}; only ${PORTS.join(' and ')} can be used`)
}

function refusal(why: string): Refusal {
  return { ok: false, why, rule: why }
}

/** The addresses, or why there are none. */
async function lookUpInTime(host: string, lookup: NameLookup): Promise<readonly string[] | string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('has a host name that was not found in time; please try again'), LOOKUP_MS)
  })
  const looking = lookup(host).then(
    (addresses) => (addresses.length > 0 ? addresses : NO_NAME),
    () => NO_NAME,
  )
  const found = await Promise.race([looking, late])
  clearTimeout(timer)
  return found
}

const NO_NAME = 'has a host name that does not resolve to an address'
