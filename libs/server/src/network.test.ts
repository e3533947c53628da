import { expect, it } from 'vitest'
import { networkOf, trustedProxies } from './network.ts'

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['x'.repeat(10_000), 'x'.repeat(64)],
])('takes %s for %s: in IPv6 a household has 2⁶⁴ addresses', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

it.each([
  [undefined, undefined],
  ['', undefined],
  [' , ', undefined],
  ['127.0.0.1, 10.0.0.0/8', ['127.0.0.1', '10.0.0.0/8']],
])('reads the proxies of %j as %j', (setting, proxies) => {
  expect(trustedProxies(setting)).toEqual(proxies)
})
