import ArrowIcon from '@mui/icons-material/ArrowRightAltOutlined'
import type { RequestRow } from '@turnpike/contract'
import { useNavigate } from 'react-router-dom'
import { count, duration } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped, NAME_CHARS_MAX } from '../parts/Clipped.tsx'
import { Moment } from '../parts/Moment.tsx'
import { Money } from '../parts/Money.tsx'
import { figures, RecordTable, type Column } from '../parts/RecordTable.tsx'
import { RowLink } from '../parts/RowLink.tsx'
import { useProviderText } from './provider-text.ts'
import { StatusChip } from './StatusChip.tsx'

/** Ten columns stand beside each other, so that the less telling ones are shorter. */
const PROVIDER_CHARS_MAX = 22
const KEY_CHARS_MAX = 13

interface RequestTableProps {
  readonly rows: readonly RequestRow[]
  /** Those that arrived while the list was open. */
  readonly freshIds: ReadonlySet<string>
}

/** One line per request; each leads to its attempts. */
export function RequestTable({ rows, freshIds }: RequestTableProps) {
  const { say, locale } = useText()
  const navigate = useNavigate()
  const providerText = useProviderText()
  const dash = say('common.none')
  const unknown = say('requests.unknownKey')
  const time = (ms: number | null) => (ms === null ? dash : duration(ms, locale))
  const columns: Column<RequestRow>[] = [
    {
      id: 'time',
      label: say('common.time'),
      phone: 'title',
      render: ({ id, beganAt }) => (
        <RowLink to={`/requests/${id}/show`}>
          <Moment short at={beganAt} />
        </RowLink>
      ),
    },
    { id: 'status', label: say('common.status'), phone: 'title', render: (row) => <StatusChip row={row} /> },
    names('model', say('common.model'), NAME_CHARS_MAX, (row) => row.model ?? row.requestedModel),
    names('provider', say('common.provider'), PROVIDER_CHARS_MAX, (row) => providerText(row) ?? dash),
    figures('cost', say('common.cost'), (row) => <Money nano={row.costNano} />),
    figures('tokens', say('common.tokens'), (row) => <Tokens row={row} />),
    figures('first', say('common.ttft'), (row) => time(row.firstTokenMs)),
    figures('total', say('requests.total'), (row) => time(row.totalMs)),
    { id: 'attempts', label: say('requests.attempts'), numeric: true, phone: 'hidden', render: (row) => row.attempts },
    names('key', say('common.key'), KEY_CHARS_MAX, (row) => row.keyName ?? unknown),
  ]
  return (
    <RecordTable
      dense
      label={say('nav.requests')}
      rows={rows}
      columns={columns}
      rowId={({ id }) => id}
      onRow={({ id }) => void navigate(`/requests/${id}/show`)}
      isMarked={({ id }) => freshIds.has(id)}
    />
  )

  function Tokens({ row }: { row: RequestRow }) {
    const values = { prompt: count(row.promptTokens, locale), completion: count(row.completionTokens, locale) }
    return (
      <span title={say('requests.tokensSplit', values)}>
        {values.prompt} <ArrowIcon aria-hidden="true" sx={{ fontSize: 14, verticalAlign: 'middle' }} />{' '}
        {values.completion}
      </span>
    )
  }
}

/** A column of names, of so many characters at most. */
function names(id: string, label: string, chars: number, textOf: (row: RequestRow) => string): Column<RequestRow> {
  return { id, label, render: (row) => <Clipped text={textOf(row)} chars={chars} /> }
}
