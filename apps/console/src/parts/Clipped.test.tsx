import { ThemeProvider } from '@mui/material'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { themeOf } from '../theme.ts'
import { Clipped, NAME_CHARS_MAX, SCROLLS_INSIDE } from './Clipped.tsx'
import { RecordTable } from './RecordTable.tsx'

const LONG = `junk/${'x'.repeat(155)}`

describe('a text of any length', () => {
  it('is complete on hover and for screen readers', () => {
    const html = renderToStaticMarkup(<Clipped text={LONG} />)
    expect(html).toContain(`title="${LONG}"`)
    expect(html).toContain(`>${LONG}</span>`)
  })

  it('fills its place in one line and ends in an ellipsis', () => {
    const html = renderToStaticMarkup(<Clipped text={LONG} />)
    for (const rule of ['text-overflow:ellipsis', 'overflow:hidden', 'white-space:nowrap', 'max-width:100%']) {
      expect(html).toContain(rule)
    }
  })

  it('has a width of its own in a table, whose cells are as wide as what is in them', () => {
    const html = renderToStaticMarkup(<Clipped text={LONG} chars={NAME_CHARS_MAX} component="code" />)
    expect(html).toContain(`max-width:${NAME_CHARS_MAX}ch`)
    expect(html).toContain(`>${LONG}</code>`)
  })

  it('may have some lines, between which it breaks anywhere', () => {
    const html = renderToStaticMarkup(<Clipped text={LONG} lines={2} />)
    expect(html).toContain('-webkit-line-clamp:2')
    expect(html).toContain('overflow-wrap:anywhere')
  })
})

it('shows a table of long names in a box that scrolls and never widens the page', () => {
  const column = { id: 'model', label: 'Model', render: (name: string) => <Clipped text={name} chars={10} /> }
  const html = renderToStaticMarkup(
    <ThemeProvider theme={themeOf('light')}>
      <RecordTable label="Requests" rows={[LONG]} columns={[column]} rowId={(name) => name} />
    </ThemeProvider>,
  )
  expect(html).toContain(`contain:${SCROLLS_INSIDE.contain}`)
  expect(html).toContain(`overflow-x:${SCROLLS_INSIDE.overflowX}`)
})
