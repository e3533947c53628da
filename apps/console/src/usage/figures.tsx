import type { UsageFigures } from '@turnpike/contract'
import type { OutcomeCounts } from '@turnpike/domain'
import { REQUEST_OUTCOMES } from '@turnpike/domain/lists'
import { count, sumNano } from '../format.ts'
import { useText, type Say } from '../i18n/text.ts'
import { Money } from '../parts/Money.tsx'
import { figures, type Column } from '../parts/RecordTable.tsx'

/** The columns of figures that the tables of this page share. */
export function useFigureColumns(): Readonly<
  Record<'cost' | 'requests' | 'unsuccessful' | 'tokens', Column<UsageFigures>>
> {
  const { say, locale } = useText()
  return {
    cost: figures('cost', say('usage.metric_cost'), ({ costNano }) => <Money nano={costNano} />),
    requests: figures('requests', say('usage.metric_requests'), ({ requests }) => count(requests, locale)),
    unsuccessful: figures(
      'unsuccessful',
      say('requests.notSucceeded'),
      (line) => unsuccessfulText(line, say, locale) || say('common.none'),
    ),
    tokens: figures('tokens', say('usage.metric_tokens'), ({ promptTokens, completionTokens }) =>
      count(promptTokens + completionTokens, locale),
    ),
  }
}

export function summed(all: readonly UsageFigures[]): UsageFigures {
  const sum = (of: (figures: UsageFigures) => number) => all.reduce((total, one) => total + of(one), 0)
  return {
    requests: sum(({ requests }) => requests),
    succeeded: sum(({ succeeded }) => succeeded),
    failed: sum(({ failed }) => failed),
    interrupted: sum(({ interrupted }) => interrupted),
    cancelled: sum(({ cancelled }) => cancelled),
    rejected: sum(({ rejected }) => rejected),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    costNano: sumNano(all.map(({ costNano }) => costNano)),
  }
}

/** Requests of each outcome but success, such as “3 failed, 1 cancelled”; empty when all succeeded. */
export function unsuccessfulText(counts: OutcomeCounts, say: Say, locale: string): string {
  return REQUEST_OUTCOMES.flatMap((outcome) =>
    outcome === 'succeeded' || counts[outcome] === 0
      ? []
      : say(`requests.count_${outcome}`, { count: count(counts[outcome], locale) }),
  ).join(', ')
}
