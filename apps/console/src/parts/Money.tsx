import { money, moneyExact } from '../format.ts'
import { useText } from '../i18n/text.ts'

/** An amount; the exact one, with its currency, on hover. @param nano nano-dollars, decimal string */
export function Money({ nano }: { nano: string }) {
  const { locale } = useText()
  return <span title={`${moneyExact(nano, locale)} (USD)`}>{money(nano, locale)}</span>
}
