import AddIcon from '@mui/icons-material/Add'
import { Box, Button } from '@mui/material'
import type { UseQueryResult } from '@tanstack/react-query'
import { useState, type ComponentType } from 'react'
import { useNotify } from 'react-admin'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'
import { useUrlState } from '../parts/url-state.ts'
import { useMay } from '../session.ts'
import { Empty } from '../states/Empty.tsx'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import type { ByokKind } from './calls.ts'
import { DeleteDialog, SecretDialog } from './dialogs.tsx'
import type { ResourceAct } from './ResourceActions.tsx'
import { useTests, type Tests } from './tests.ts'

export interface ResourceListProps<Row> {
  readonly rows: readonly Row[]
  readonly tests: Tests
  readonly onAct: (what: ResourceAct, row: Row) => void
}

export interface ResourceDialogProps<Row> {
  /** Null: a new one. */
  readonly row: Row | null
  readonly rows: readonly Row[]
  readonly onSaved: (answer: { readonly data: Row }) => void
  readonly onClose: () => void
}

interface ResourceTabProps<Row> {
  readonly kind: ByokKind
  readonly query: UseQueryResult<{ readonly data: readonly Row[] }>
  readonly texts: Readonly<Record<'add' | 'emptyTitle' | 'emptyText', TextKey>>
  readonly List: ComponentType<ResourceListProps<Row>>
  readonly Dialog: ComponentType<ResourceDialogProps<Row>>
  /** What is done after a secret was saved; absent: it is tested. */
  readonly onSecretSaved?: (row: Row, tests: Tests) => void
  /** What becomes of requests once a row is gone. */
  readonly consequenceOf: (gone: Row, rows: readonly Row[]) => string
}

/** BYOK resources of one kind. The open dialog of a new one is part of the address. */
export function ResourceTab<Row extends { readonly id: string; readonly name: string }>(props: ResourceTabProps<Row>) {
  const { kind, query, texts, List, Dialog, consequenceOf, onSecretSaved } = props
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const mayUpdate = useMay(`${kind}:update`)
  const tests = useTests()
  const notify = useNotify()
  const [acting, setActing] = useState<{ readonly what: ResourceAct; readonly row: Row } | null>(null)
  const rows = query.data?.data ?? []
  const close = () => setActing(null)
  const test = (row: Row) =>
    onSecretSaved ? onSecretSaved(row, tests) : tests.run({ kind, id: row.id, name: row.name })
  const button = mayUpdate && (
    <Button variant="contained" startIcon={<AddIcon />} onClick={() => setUrl({ add: 'yes' })}>
      {say(texts.add)}
    </Button>
  )
  return (
    <>
      <View query={query} skeleton={<RowsSkeleton rows={4} />}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty kind="unused" title={say(texts.emptyTitle)} text={say(texts.emptyText)} action={button} />
          ) : (
            <>
              <Box sx={{ mb: 2 }}>{button}</Box>
              <List rows={data} tests={tests} onAct={(what, row) => setActing({ what, row })} />
            </>
          )
        }
      </View>
      {url.has('add') && mayUpdate && (
        <Dialog row={null} rows={rows} onSaved={({ data }) => test(data)} onClose={() => setUrl({ add: null })} />
      )}
      {acting?.what === 'edit' && (
        <Dialog
          row={acting.row}
          rows={rows}
          onSaved={() => notify('common.saved', { type: 'success' })}
          onClose={close}
        />
      )}
      {acting?.what === 'secret' && (
        <SecretDialog row={{ kind, ...acting.row }} onSaved={(answer) => test(answer.data as Row)} onClose={close} />
      )}
      {acting?.what === 'delete' && (
        <DeleteDialog row={{ kind, ...acting.row }} consequence={consequenceOf(acting.row, rows)} onClose={close} />
      )}
    </>
  )
}
