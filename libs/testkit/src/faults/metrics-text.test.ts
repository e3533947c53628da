import { expect, it } from 'vitest'
import { readMetrics } from './metrics-text.ts'

it('reads figures by their name and labels, without the label that all of them have', () => {
  const text = [
    '# HELP turnpike_key_entries Keys held in memory.',
    '# TYPE turnpike_key_entries gauge',
    'turnpike_key_entries{process="gateway"} 12',
    'turnpike_store_open{store="redis",process="gateway",kind="a,b"} 1',
    'plain_total 3.5e+2',
    'turnpike_nothing{process="gateway"} Nan',
    '',
  ].join('\n')
  expect([...readMetrics(text)]).toEqual([
    ['turnpike_key_entries', 12],
    ['turnpike_store_open{store="redis",kind="a,b"}', 1],
    ['plain_total', 350],
    ['turnpike_nothing', NaN],
  ])
})
