import ts from 'typescript'
import type { Source } from './tidy.ts'

/** Words of our own that names may not hold, and the field's word for each. */
const NAMES = {
  barren: 'unsatisfiable policy',
  beside: 'hedge target; extra',
  course: 'attempt',
  crossroads: 'organisation picker',
  doubts: 'usage warning',
  entrance: 'authentication',
  flights: 'single flight',
  heard: 'received',
  hears: 'receives',
  house: 'operator; repository',
  hum: 'keep-alive',
  linger: 'drain tail',
  'make-do': 'serve stale',
  'own-means': 'BYOK resources',
  'bring-home': 'resolve',
  shelf: 'local cache',
  'stand-in': 'simulated provider',
  survey: 'coverage check',
  told: 'informed; reported; logged',
  'waiting-room': 'rate-limit queue',
  'way-out': 'egress mode',
} as const

/** The same and their kin in sentences. English has other uses for `beside`, `course` and `survey`. */
const PHRASES =
  /\b(?:barren|br(?:ing|ings|ought)[ -](?:along|home)|crossroads|doubt(?:s|ed|ful)?|entrances?|hear(?:d|s)|house|hum(?:s|med|ming)?|linger(?:s|ed|ing)?|ma(?:ke|kes|de|king)[ -]do|own[ _]means|shel(?:f|ves)|stand(?:s|ing)?-?ins?|told|waiting[ -]rooms?|ways?[ -]out)\b/i

const BANNED_NAME = new RegExp(`(?:^|-)(?:${Object.keys(NAMES).join('|')}|doubt|stand-ins)(?:-|$)`)

/** All but this list and its test, and the screens' own list of such words, which spells them out too. */
const LISTS = ['libs/testkit/src/tidy-words.ts', 'libs/testkit/src/tidy.test.ts', 'apps/console/src/i18n/words.test.ts']

const where = ({ file }: Source) => !LISTS.includes(file)

export const WORD_RULES = {
  'names nothing by a word of our own where the field has one': {
    where,
    node: (node: ts.Node) =>
      (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) && BANNED_NAME.test(kebab(node.text)),
  },
  'uses no word of our own where the field has one': {
    where,
    line: PHRASES,
  },
}

/** `#BesideIds` and `BESIDE_IDS` as `beside-ids`. */
function kebab(name: string): string {
  return name
    .replace(/^#/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase()
}
