/** Languages of the console. */
export const LOCALES = [
  { locale: 'en', name: 'English' },
  { locale: 'de', name: 'Deutsch' },
] as const
type Locale = (typeof LOCALES)[number]['locale']

const DEFAULT: Locale = 'en'

/**
 * A language tag as Intl takes it: `en-us` is `en-US`. Null for one that Intl cannot format by. Browsers also pass on the
 * locale of a POSIX environment (`en-US@posix`, `de_DE.UTF-8`, `C`), at which every constructor of Intl throws.
 */
export function canonicalTag(tag: string): string | null {
  const known = canonicalTags.get(tag)
  if (known !== undefined) return known
  const canonical = canonicalOf(tag)
  if (canonicalTags.size >= TAGS_MAX) canonicalTags.clear()
  canonicalTags.set(tag, canonical)
  return canonical
}

/** Every text asks for its tag when it is drawn, and Intl takes its time; a browser has a handful of tags. */
const TAGS_MAX = 100
const canonicalTags = new Map<string, string | null>()

function canonicalOf(tag: string): string | null {
  const [plain = ''] = tag.split(/[.@]/)
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(plain.replaceAll('_', '-'))[0] ?? null
  } catch {
    // A RangeError is how the platform says that this is no language tag.
    return null
  }
}

/** The reader's language: the one chosen before, else the first of the browser's that the console has, else English. */
export function languageOf(chosen: string | null, tags: readonly string[]): Locale {
  const wanted = [chosen ?? '', ...tags].map((tag) => canonicalTag(tag)?.split('-')[0])
  const known = wanted.flatMap((language) => LOCALES.filter(({ locale }) => locale === language))
  return known[0]?.locale ?? DEFAULT
}

/** A language as the reader's region writes numbers and times: `en` may be `en-GB`. Always a tag that Intl takes. */
export function regionalTag(language: string, tags: readonly string[]): string {
  const canonical = tags.map(canonicalTag).filter((tag) => tag !== null)
  return canonical.find((tag) => tag.split('-')[0] === language) ?? formattedBy(language)
}

/** The browser's language tags, the preferred first, as it says them. */
export function browserTags(): string[] {
  // Some embedded browsers have no such properties, whatever the types say.
  const said: readonly unknown[] = [navigator.languages, navigator.language].flat()
  return said.filter((tag) => typeof tag === 'string')
}

/** The tag to format by: the wanted one where Intl takes it, else English. */
function formattedBy(locale: string): string {
  return canonicalTag(locale) ?? DEFAULT
}

export function numberFormat(locale: string, options?: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(formattedBy(locale), options)
}

export function dateFormat(locale: string, options?: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(formattedBy(locale), options)
}

export function relativeTimeFormat(locale: string): Intl.RelativeTimeFormat {
  return new Intl.RelativeTimeFormat(formattedBy(locale), { numeric: 'auto' })
}

export function regionNames(locale: string): Intl.DisplayNames {
  return new Intl.DisplayNames(formattedBy(locale), { type: 'region' })
}

/** Compares texts by the alphabet of a language, for sorting. */
export function alphabetOf(locale: string): (a: string, b: string) => number {
  return new Intl.Collator(formattedBy(locale)).compare
}

/** Compares names that are no language's, such as those of models and providers: one order for every reader. */
export const byName = alphabetOf(DEFAULT)

/** The reader's time zone by its IANA name. */
export function ownTimeZone(): string {
  return knownZone(dateFormat(DEFAULT).resolvedOptions().timeZone)
}

/** UTC for a zone that no server knows: browsers without one say nothing, or `Etc/Unknown`. */
export function knownZone(zone: string | undefined): string {
  return zone && zone !== 'Etc/Unknown' ? zone : 'UTC'
}
