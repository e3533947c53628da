import { isIPv6 } from 'node:net'

/** Characters of an address. A proxy may forward anything. */
const ADDRESS_LENGTH_MAX = 64

/** The network of an address, which limits are counted by: in IPv6 one household or server has 2⁶⁴ addresses. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address.slice(0, ADDRESS_LENGTH_MAX)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail.split(':').filter(Boolean)
  while (groups.length + after.length < 8) groups.push('0')
  return [...groups, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** The setting of trusted proxies as Fastify takes it: undefined, and the connection's own address counts. */
export function trustedProxies(setting: string | undefined): string[] | undefined {
  const proxies = (setting ?? '').split(',').flatMap((proxy) => proxy.trim() || [])
  return proxies.length > 0 ? proxies : undefined
}
