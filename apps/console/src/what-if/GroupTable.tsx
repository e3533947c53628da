import type { WhatIfGroup } from '@turnpike/contract'
import { count } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { RecordTable, type Column } from '../parts/RecordTable.tsx'
import type { Measure } from './change.ts'
import { Figure } from './MeasureTable.tsx'
import { Versus } from './Versus.tsx'

interface GroupTableProps {
  readonly title: string
  readonly kind: 'provider' | 'model'
  readonly groups: readonly WhatIfGroup[]
}

/** Before and after, per provider or per model. */
export function GroupTable({ title, kind, groups }: GroupTableProps) {
  const { say, locale } = useText()
  const measured = (measure: Measure): Column<WhatIfGroup> => ({
    id: measure,
    label: say(`whatIf.measure_${measure}`),
    numeric: true,
    render: ({ happened, predicted }) => (
      <Versus
        happened={<Figure figures={happened} measure={measure} />}
        predicted={<Figure figures={predicted} measure={measure} />}
      />
    ),
  })
  const columns: Column<WhatIfGroup>[] = [
    {
      id: 'name',
      label: say(`common.${kind}`),
      phone: 'title',
      render: ({ name }) => <strong>{name || say('usage.unserved')}</strong>,
    },
    {
      id: 'requests',
      label: say('common.requests'),
      numeric: true,
      render: ({ happened, predicted }) => (
        <Versus happened={count(happened.requests, locale)} predicted={count(predicted.requests, locale)} />
      ),
    },
    measured('cost'),
    measured('firstToken50'),
    measured('throughput50'),
    measured('failures'),
  ]
  return <RecordTable label={title} rows={groups} columns={columns} rowId={({ name }) => name} dense />
}
