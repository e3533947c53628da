import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/**
 * What is not a public address: what IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates) do not call
 * globally reachable; blocks with a few reachable addresses in them are left out whole. Two clouds serve their virtual machines from
 * 192.0.0.0/24 and 168.63.129.16.
 */
const KINDS: readonly (readonly [kind: string, ...subnets: string[]])[] = [
  ['the unspecified address', '0.0.0.0/32', '::/128'],
  ['a loopback address', '127.0.0.0/8', '::1/128'],
  ['a private address', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
  ['a link-local address', '169.254.0.0/16', 'fe80::/10'],
  ['an address of a carrier’s own network', '100.64.0.0/10'],
  [
    'an address for documentation',
    ...['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ],
  ['an address for benchmarks', '198.18.0.0/15', '2001:2::/48'],
  ['a multicast address', '224.0.0.0/4', 'ff00::/8'],
  [
    'an IPv4 address inside an IPv6 address',
    ...['::ffff:0:0/96', '::ffff:0:0:0/96', '::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32'],
  ],
  [
    'a reserved address',
    ...['0.0.0.0/8', '192.0.0.0/24', '192.88.99.0/24', '168.63.129.16/32', '240.0.0.0/4'],
    ...['100::/64', '100:0:0:1::/64', '2001::/23', '5f00::/16'],
  ],
]

interface Kind {
  readonly kind: string
  /** A list with both families would find every IPv4 address in the IPv6 block that maps them. */
  readonly v4: BlockList
  readonly v6: BlockList
}

const lists: readonly Kind[] = KINDS.map(([kind, ...subnets]) => {
  const made = { kind, v4: new BlockList(), v6: new BlockList() }
  for (const subnet of subnets) {
    const [network = '', bits] = subnet.split('/')
    if (isIPv4(network)) made.v4.addSubnet(network, Number(bits), 'ipv4')
    else made.v6.addSubnet(network, Number(bits), 'ipv6')
  }
  return made
})

/** Of all IPv6 addresses only these have been given out for the public. */
const GIVEN_OUT = new BlockList()
GIVEN_OUT.addSubnet('2000::', 3, 'ipv6')

/** Where an IPv6-only network finds an IPv4 address: its last 32 bits. */
const NAT64 = new BlockList()
NAT64.addSubnet('64:ff9b::', 96, 'ipv6')

/** Such as `a private address`; null for a public one. @param address IPv6 without brackets */
export function nonPublicKind(address: string): string | null {
  if (isIP(address) === 0) return 'no address'
  if (isIPv4(address)) return lists.find(({ v4 }) => v4.check(address, 'ipv4'))?.kind ?? null
  const canonical = canonicalAddress(address)
  if (NAT64.check(canonical, 'ipv6')) return nonPublicKind(lastFourBytes(canonical))
  const known = lists.find(({ v6 }) => v6.check(canonical, 'ipv6'))?.kind
  return known ?? (GIVEN_OUT.check(canonical, 'ipv6') ? null : 'a reserved address')
}

/** One spelling for each address; an IPv6 address loses its zone. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address
  const [bare = ''] = address.split('%')
  return new URL(`http://[${bare}]`).hostname.slice(1, -1)
}

/** @param canonical within 64:ff9b::/96 */
function lastFourBytes(canonical: string): string {
  const groups = (canonical.split('::')[1] ?? '').split(':').map((group) => Number.parseInt(group || '0', 16))
  const [high = 0, low = 0] = [0, ...groups].slice(-2)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
