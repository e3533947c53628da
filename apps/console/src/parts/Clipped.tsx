import { Box } from '@mui/material'

/** Characters of a name that are shown in a column of a table; more would push the other columns out of sight. */
export const NAME_CHARS_MAX = 28

interface ClippedProps {
  readonly text: string
  /** Characters shown at most, in a table or a sentence. By default as many as its place holds. */
  readonly chars?: number
  readonly lines?: number
  readonly component?: 'span' | 'code' | 'strong'
}

/** Text of any length, such as names that callers chose: cut with an ellipsis, complete on hover. It widens nothing. */
export function Clipped({ text, chars, lines = 1, component = 'span' }: ClippedProps) {
  return (
    <Box component={component} title={text} sx={lines > 1 ? clamped(lines) : clipped(chars)}>
      {text}
    </Box>
  )
}

/** An inline block shows the underline of its link only when it takes it over. */
const CUT = { minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', textDecoration: 'inherit' } as const

function clipped(chars: number | undefined) {
  if (chars === undefined) return { ...CUT, display: 'block', maxWidth: '100%', whiteSpace: 'nowrap' } as const
  // A share of a table's cell, whose width follows its content, is no limit; a phone shows cards in place of tables.
  const maxWidth = { xs: `min(${chars}ch, 100%)`, sm: `${chars}ch` }
  return { ...CUT, display: 'inline-block', verticalAlign: 'bottom', maxWidth, whiteSpace: 'nowrap' } as const
}

function clamped(lines: number) {
  return {
    ...CUT,
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: lines,
    whiteSpace: 'normal',
    overflowWrap: 'anywhere',
  } as const
}

/** A column of a grid that is as wide as its place, not as what stands in it. */
export const ONE_COLUMN = { display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)' } as const

/** For a box that scrolls sideways: what is in it never widens the page, also where the box is an item of a grid. */
export const SCROLLS_INSIDE = { overflowX: 'auto', contain: 'inline-size' } as const
