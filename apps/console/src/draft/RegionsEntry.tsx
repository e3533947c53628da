import { useMemo } from 'react'
import { useText } from '../i18n/text.ts'
import { NamesEntry } from './NamesEntry.tsx'
import { regionOptions } from './regions.ts'

/** Regions in which something is processed, chosen by name. */
export function RegionsEntry({ label, hint }: { label: string; hint?: string }) {
  const { locale } = useText()
  const options = useMemo(() => regionOptions(locale), [locale])
  return <NamesEntry path={['regions']} label={label} {...(hint && { hint })} options={options} />
}
