import { Fault } from '@turnpike/domain'
import { isIP } from 'node:net'
import { canonicalAddress, nonPublicKind } from './addresses.ts'
import type { EgressAllow } from './allow.ts'
import { lookUpByNameServers, type NameLookup } from './lookup.ts'

/** The check of a base URL before it is saved. */
type UrlCheck =
  /** `url` in its one spelling, without a slash at its end; `origin` is where its credential may go. */
  | { readonly ok: true; readonly url: string; readonly origin: string }
  /** For the tenant; continues “The base URL ”. */
  | { readonly ok: false; readonly why: string }

interface UrlRefusal {
  readonly ok: false
  readonly why: string
  /** The same for callers, who may not learn what a name resolves to. */
  readonly rule: string
}

/** For tenants' endpoints. Other ports are other protocols: mail, databases, administration. */
const PORTS: readonly number[] = [443, 8443]
const URL_LENGTH_MAX = 2_000
const LOOKUP_MS = 2_000

/** By text and by every address of its name, as each later connection is. Takes 2 s at most, and never throws. */
export async function checkUrl(
  text: string,
  allow: EgressAllow,
  lookup: NameLookup = lookUpByNameServers(),
): Promise<UrlCheck> {
  const check = checkUrlText(text, allow)
  if (!check.ok) return { ok: false, why: check.why }
  const { url } = check
  const host = hostOf(url)
  const addresses = isIP(host) > 0 ? [host] : await lookUpInTime(host, lookup)
  if (typeof addresses === 'string') return { ok: false, why: addresses }
  const reachable = checkAddresses({ host, protocol: url.protocol, port: portOf(url) }, addresses, allow)
  if (!reachable.ok) return { ok: false, why: reachable.why }
  return { ok: true, url: url.origin + prefixOf(url), origin: url.origin }
}

/** What needs no look-up. */
export function checkUrlText(text: string, allow: EgressAllow): { readonly ok: true; readonly url: URL } | UrlRefusal {
  if (text.length > URL_LENGTH_MAX) return refusal(`is longer than ${URL_LENGTH_MAX} characters`)
  // A parser drops some of these and reads others as slashes, and so would see another host than a person.
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(text)) return refusal('contains a character that a URL cannot have')
  if (!URL.canParse(text)) return refusal('is not a URL')
  if (!/^https?:\/\/[^/]/i.test(text)) return refusal('must begin with https://')
  if (text.includes('#')) return refusal('must not have a fragment (#)')
  if (text.includes('?')) return refusal('must not have a query (?)')
  if (/^[^/]*\/\/[^/]*@/.test(text)) return refusal('must not have a user name or a password (@)')
  const url = new URL(text)
  if (url.hostname.endsWith('.')) return refusal('must not have a dot at the end of its host name')
  const port = portOf(url)
  if (!isPublicProtocolAndPort(url.protocol, port) && !allow.hasPort(port))
    return refusedProtocolOrPort(url.protocol, port)
  return { ok: true, url }
}

/** What a connection is for, before its address is known. */
interface Destination {
  /** A name or an address, without brackets. */
  readonly host: string
  /** `https:` */
  readonly protocol: string
  readonly port: number
}

/**
 * The addresses that the operator allows; without such all of them, if every one is public: the order of an answer is its sender's
 * choice.
 */
export function checkAddresses(
  { host, protocol, port }: Destination,
  addresses: readonly string[],
  allow: EgressAllow,
): { readonly ok: true; readonly addresses: readonly string[] } | UrlRefusal {
  const allowed = addresses.filter((address) => allow.has(address, port))
  if (allowed.length > 0) return { ok: true, addresses: allowed }
  if (!isPublicProtocolAndPort(protocol, port)) return refusedProtocolOrPort(protocol, port)
  for (const address of addresses) {
    const kind = nonPublicKind(address)
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

/** For the caller whose request would have gone there. Not a byte of it was sent. */
export function egressRefused({ rule }: UrlRefusal): Fault {
  const detail = { code: 'EGRESS_REFUSED', sent: false }
  return new Fault('upstream_unreachable', `The endpoint was not called: its base URL ${rule}.`, { detail })
}

/** The prefix of each path: empty for a bare origin. */
export function prefixOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '')
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function portOf({ protocol, port }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

function isPublicProtocolAndPort(protocol: string, port: number): boolean {
  return protocol === 'https:' && PORTS.includes(port)
}

function refusedProtocolOrPort(protocol: string, port: number): UrlRefusal {
  if (protocol !== 'https:') return refusal('must begin with https://')
  return refusal(`has port ${port}; only ${PORTS.join(' and ')} can be used`)
}

function refusal(why: string): UrlRefusal {
  return { ok: false, why, rule: why }
}

/** The addresses, or why there are none. */
async function lookUpInTime(host: string, lookup: NameLookup): Promise<readonly string[] | string> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('has a host name that was not found in time; please try again'), LOOKUP_MS)
  })
  const looking = lookup(host).then(
    (addresses) => (addresses.length > 0 ? addresses : NO_NAME),
    () => NO_NAME,
  )
  const found = await Promise.race([looking, timeout])
  clearTimeout(timer)
  return found
}

const NO_NAME = 'has a host name that does not resolve to an address'
