import {
  Box,
  Card,
  Table,
  TableBody,
  TableCell,
  TableContainer,
  TableHead,
  TableRow,
  type Theme,
  useMediaQuery,
} from '@mui/material'
import type { ReactNode } from 'react'
import { ONE_COLUMN, SCROLLS_INSIDE } from './Clipped.tsx'

export interface Column<Row> {
  readonly id: string
  readonly label: string
  readonly render: (row: Row) => ReactNode
  /** Numbers stand right, so that their digits line up. */
  readonly numeric?: boolean
  /** On a phone: `title` heads the card, `hidden` leaves the column out. */
  readonly phone?: 'title' | 'hidden'
}

/** A column of numbers. */
export function figures<Row>(id: string, label: string, render: (row: Row) => ReactNode): Column<Row> {
  return { id, label, render, numeric: true }
}

export interface RecordTableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowId: (row: Row) => string
  readonly onRow?: (row: Row) => void
  /** Marks rows, for example those that just arrived. */
  readonly isMarked?: (row: Row) => boolean
  /** For many columns: smaller text and less air. */
  readonly dense?: boolean
}

/** Rows as a table, on a phone as cards. The table scrolls inside its own box, never the page. */
export function RecordTable<Row>(props: RecordTableProps<Row>) {
  const isPhone = useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'), { noSsr: true })
  return isPhone ? <Cards {...props} /> : <Grid {...props} />
}

const DENSE = {
  'th, td': { px: 1, py: 0.875, fontSize: '0.8125rem' },
  'th:first-of-type, td:first-of-type': { pl: 1.75 },
}

function Grid<Row>({ label, rows, columns, rowId, onRow, isMarked, dense = false }: RecordTableProps<Row>) {
  return (
    <TableContainer component={Card} tabIndex={0} role="region" aria-label={label} sx={SCROLLS_INSIDE}>
      <Table aria-label={label} sx={dense ? DENSE : {}}>
        <TableHead>
          <TableRow>
            {columns.map((column) => (
              <TableCell key={column.id} align={column.numeric ? 'right' : 'left'}>
                {column.label}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow
              key={rowId(row)}
              hover={onRow !== undefined}
              {...(onRow && { onClick: () => onRow(row) })}
              sx={{
                '&:last-child td': { borderBottom: 0 },
                ...(onRow && { cursor: 'pointer' }),
                ...(isMarked?.(row) && { backgroundColor: 'gate.wash' }),
              }}
            >
              {columns.map((column) => (
                <TableCell key={column.id} align={column.numeric ? 'right' : 'left'} sx={{ whiteSpace: 'nowrap' }}>
                  {column.render(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  )
}

function Cards<Row>({ label, rows, columns, rowId, onRow, isMarked }: RecordTableProps<Row>) {
  const titles = columns.filter((column) => column.phone === 'title')
  const facts = columns.filter((column) => column.phone === undefined)
  return (
    <Box component="ul" aria-label={label} sx={{ listStyle: 'none', m: 0, p: 0, ...ONE_COLUMN, gap: 1.25 }}>
      {rows.map((row) => (
        <Card
          key={rowId(row)}
          component="li"
          {...(onRow && { onClick: () => onRow(row) })}
          sx={{ p: 1.75, ...(isMarked?.(row) && { backgroundColor: 'gate.wash' }) }}
        >
          <Box
            sx={{
              display: 'flex',
              flexWrap: 'wrap',
              justifyContent: 'space-between',
              alignItems: 'center',
              gap: 1,
              mb: 1,
            }}
          >
            {titles.map((column) => (
              <Box key={column.id} sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
                {column.render(row)}
              </Box>
            ))}
          </Box>
          <Box component="dl" sx={{ m: 0, display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 1 }}>
            {facts.map((column) => (
              <Box key={column.id} sx={{ minWidth: 0 }}>
                <Box component="dt" sx={{ color: 'text.secondary', fontSize: '0.75rem' }}>
                  {column.label}
                </Box>
                <Box component="dd" sx={{ m: 0, fontSize: '0.875rem', overflowWrap: 'anywhere' }}>
                  {column.render(row)}
                </Box>
              </Box>
            ))}
          </Box>
        </Card>
      ))}
    </Box>
  )
}
