import type { UsageFigures } from '@turnpike/contract'
import { count, sumNano } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Money } from '../parts/Money.tsx'
import { figures, type Column } from '../parts/RecordTable.tsx'

/** The columns of figures that the tables of this page share. */
export function useFigureColumns(): Readonly<
  Record<'cost' | 'requests' | 'failures' | 'tokens', Column<UsageFigures>>
> {
  const { say, locale } = useText()
  return {
    cost: figures('cost', say('usage.metric_cost'), ({ costNano }) => <Money nano={costNano} />),
    requests: figures('requests', say('usage.metric_requests'), ({ requests }) => count(requests, locale)),
    failures: figures('failures', say('requests.failed'), ({ failures }) => count(failures, locale)),
    tokens: figures('tokens', say('usage.metric_tokens'), ({ promptTokens, completionTokens }) =>
      count(promptTokens + completionTokens, locale),
    ),
  }
}

export function summed(all: readonly UsageFigures[]): UsageFigures {
  const sum = (of: (figures: UsageFigures) => number) => all.reduce((total, one) => total + of(one), 0)
  return {
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    costNano: sumNano(all.map(({ costNano }) => costNano)),
  }
}
