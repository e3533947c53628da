import { OBJECTIVES, PRICE_PARTS } from '@turnpike/domain/lists'
import type { Path } from '../../draft/draft.ts'
import { Columns, TextEntry } from '../../draft/fields.tsx'
import type { Options } from '../../draft/NamesEntry.tsx'
import type { TextKey } from '../../i18n/en/en.ts'
import { policiesEn } from '../../i18n/en/policies.ts'
import { useText, type Say } from '../../i18n/text.ts'
import { labelOf } from './words.ts'

interface Field {
  readonly path: Path
  readonly label: string
  readonly hint?: string
}

/** A field with its label, the text `…Label` or else its name, and its hint, the text `…Hint`. */
export function useField(): (...path: Path) => Field {
  const { say } = useText()
  const find = (text: string) =>
    Object.hasOwn(policiesEn.policies, text) ? say(`policies.${text}` as TextKey) : undefined
  return (...path) => {
    const name = String(path.at(-1))
    const hint = find(`${name}Hint`)
    return { path, label: find(`${name}Label`) ?? labelOf(name, say), ...(hint && { hint }) }
  }
}

/** The highest prices, in dollars as they are typed: a float would round them. */
export function PriceEntries({ path }: { path: Path }) {
  const field = useField()
  return (
    <Columns>
      {PRICE_PARTS.map((price) => (
        <TextEntry key={price} kind="dollars" {...field(...path, price)} />
      ))}
    </Columns>
  )
}

/** Every strategy by name. */
export function objectiveOptions(say: Say): Options {
  return OBJECTIVES.map((name) => [name, say(`request.objective_${name}`)])
}
