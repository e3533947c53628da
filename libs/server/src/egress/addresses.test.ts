import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalAddress, nonPublicKind } from './addresses.ts'

/** First and last address of each block, and what stands just outside where that is public. */
const EDGES: readonly (readonly [kind: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['the unspecified address', ['0.0.0.0', '::', '0:0:0:0:0:0:0:0'], []],
  ['a reserved address', ['0.0.0.1', '0.255.255.255'], ['1.0.0.0']],
  ['a private address', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
  ['an address of a carrier’s own network', ['100.64.0.0', '100.127.255.255'], ['100.63.255.255', '100.128.0.0']],
  ['a loopback address', ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1'], ['126.255.255.255', '128.0.0.0']],
  ['a link-local address', ['169.254.0.0', '169.254.255.255'], ['169.253.255.255', '169.255.0.0']],
  ['a private address', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
  ['a reserved address', ['192.0.0.0', '192.0.0.192', '192.0.0.255'], ['191.255.255.255', '192.0.1.0']],
  ['an address for documentation', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0']],
  ['a reserved address', ['192.88.99.0', '192.88.99.255'], ['192.88.98.255', '192.88.100.0']],
  ['a private address', ['192.168.0.0', '192.168.255.255'], ['192.167.255.255', '192.169.0.0']],
  ['an address for benchmarks', ['198.18.0.0', '198.19.255.255'], ['198.17.255.255', '198.20.0.0']],
  ['an address for documentation', ['198.51.100.0', '198.51.100.255'], ['198.51.99.255', '198.51.101.0']],
  ['an address for documentation', ['203.0.113.0', '203.0.113.255'], ['203.0.112.255', '203.0.114.0']],
  ['a multicast address', ['224.0.0.0', '239.255.255.255'], ['223.255.255.255']],
  ['a reserved address', ['240.0.0.0', '255.255.255.255', '168.63.129.16'], ['168.63.129.15', '168.63.129.17']],
  ['a reserved address', ['100::', '100::ffff:ffff:ffff:ffff', '1fff::1', '4000::', '5f00::1', 'fe00::1'], ['2000::1']],
  ['a reserved address', ['2001:1::1', '2001:1ff:ffff::'], ['2001:200::', '3ffe:ffff::']],
  ['an address for benchmarks', ['2001:2::', '2001:2:0:ffff::'], []],
  ['an address for documentation', ['2001:db8::', '2001:db8:ffff::1'], ['2001:db7:ffff::', '2001:db9::']],
  ['an address for documentation', ['3fff::', '3fff:fff::1'], ['3fff:1000::']],
  ['a private address', ['fc00::', 'fdff:ffff::1', 'fd00:ec2::254', 'fec0::', 'feff::1'], ['2606:4700::1111']],
  ['a link-local address', ['fe80::', 'febf:ffff::1', 'fe80::1%eth0'], []],
  ['a multicast address', ['ff00::', 'ffff:ffff::1'], []],
  ['an IPv4 address inside an IPv6 address', ['::ffff:8.8.8.8', '::ffff:127.0.0.1', '::8.8.8.8', '::127.0.0.1'], []],
  ['an IPv4 address inside an IPv6 address', ['::ffff:0:8.8.8.8', '64:ff9b:1::8.8.8.8', '64:ff9b:1:ffff::'], []],
  ['an IPv4 address inside an IPv6 address', ['2002::', '2002:808:808::1', '2001::', '2001:0:ffff::1'], ['2003::']],
]

describe('an address that is not public', () => {
  it.for(EDGES)('is called %s from the first to the last of its block', ([kind, inside, outside]) => {
    expect(inside.map((address) => [address, nonPublicKind(address)])).toEqual(inside.map((address) => [address, kind]))
    expect(outside.map((address) => [address, nonPublicKind(address)])).toEqual(
      outside.map((address) => [address, null]),
    )
  })

  it('is found behind the translation of an IPv6-only network, and a public one is let through', () => {
    const given = ['8.8.8.8', '10.0.0.3', '127.0.0.1', '0.0.0.0', '0.0.0.5', '169.254.169.254', '1.0.0.0', '100.64.1.0']
    for (const address of given)
      expect([address, nonPublicKind(`64:ff9b::${address}`)]).toEqual([address, nonPublicKind(address)])
  })

  it('is whatever is no address at all', () => {
    for (const text of ['', 'localhost', '127.1', '0x7f.1', '[::1]', '10.0.0.3:80', ' 8.8.8.8'])
      expect([text, nonPublicKind(text)]).toEqual([text, 'no address'])
  })

  it('is the same in every spelling of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const long = longhand(address)
        expect(canonicalAddress(long.toUpperCase())).toBe(canonicalAddress(address))
        expect(nonPublicKind(long)).toBe(nonPublicKind(address))
      }),
    )
  })
})

/** All eight groups with all their digits. */
function longhand(address: string): string {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [before, after] = [groups(head), groups(tail ?? '')]
  const gap = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...gap, ...after].map((group) => group.padStart(4, '0')).join(':')
}
