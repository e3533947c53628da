import { moment, momentShort, momentUtc } from '../format.ts'
import { useText } from '../i18n/text.ts'

/** A moment in the reader's zone; UTC on hover. `short` is for columns. */
export function Moment({ at, short = false }: { at: string; short?: boolean }) {
  const { locale } = useText()
  return (
    <time dateTime={at} title={momentUtc(at)}>
      {short ? momentShort(at, Date.now(), locale) : moment(at, locale)}
    </time>
  )
}
