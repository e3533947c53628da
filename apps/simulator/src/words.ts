import { type Dice, dice, fingerprint, pick } from './dice.ts'

const OPENERS = [
  'In practice,',
  'For most teams,',
  'As a rule,',
  'Looking closer,',
  'At a larger scale,',
  'Over a longer time,',
  'On the other hand,',
  'To begin with,',
  'Seen from the outside,',
] as const
const SUBJECTS = [
  'the simplest approach',
  'a careful reading',
  'the second option',
  'a small experiment',
  'the underlying idea',
  'most of the effort',
  'a clear boundary',
  'the usual answer',
  'an early measurement',
] as const
const VERBS = [
  'tends to show',
  'depends on',
  'makes room for',
  'quietly removes',
  'leads back to',
  'rests upon',
  'points towards',
  'rewards',
] as const
const OBJECTS = [
  'the cost of waiting',
  'what people actually need',
  'a handful of assumptions',
  'the parts that change often',
  'one good example',
  'the order in which things happen',
  'a shorter list of questions',
  'the details that matter later',
] as const
const TAILS = [
  'and that is usually enough',
  'which is easy to check',
  'so it pays to start there',
  'even when the numbers disagree',
  'before anything else is decided',
  'although there are exceptions',
  'and the rest follows from it',
] as const

/** Plausible English of exactly `tokens` pieces, each a word with the blank before it. */
export function prose(roll: Dice, tokens: number, opening: string): string[] {
  const pieces: string[] = []
  let sentence = opening
  let sentences = 0
  while (pieces.length < tokens) {
    const words = sentence.split(' ')
    for (const [at, word] of words.entries()) {
      if (pieces.length === tokens) break
      pieces.push(pieces.length === 0 ? word : (at === 0 && sentences % 4 === 0 ? '\n\n' : ' ') + word)
    }
    sentences += 1
    sentence = nextSentence(roll)
  }
  const last = pieces.length - 1
  if (last >= 0) pieces[last] = `${(pieces[last] ?? '').replace(/[.,]$/, '')}.`
  return pieces
}

function nextSentence(roll: Dice): string {
  return `${pick(roll, OPENERS)} ${pick(roll, SUBJECTS)} ${pick(roll, VERBS)} ${pick(roll, OBJECTS)}, ${pick(roll, TAILS)}.`
}

const SMALL_WORDS = new Set(
  'about above after again because before could every first from have into please should tell than that their there these they this those what when where which while will with would write your'.split(
    ' ',
  ),
)
const SUBJECT_WORDS_MAX = 3
/** Only the start of a long prompt is searched for words: the answer needs a subject, not a summary. */
const SEARCHED_CHARACTERS_MAX = 2000

/** The few longest words of a text, in its order: what an answer may claim to be about. */
export function subjectOf(text: string): string {
  const words = [...new Set(text.slice(0, SEARCHED_CHARACTERS_MAX).match(/\p{L}{4,24}/gu))].filter(
    (word) => !SMALL_WORDS.has(word.toLowerCase()),
  )
  const longest = new Set(words.toSorted((a, b) => b.length - a.length).slice(0, SUBJECT_WORDS_MAX))
  return words.filter((word) => longest.has(word)).join(' ')
}

/** A unit vector without meaning: the same text and model give the same one. */
export function vectorOf(model: string, text: string, dimensions: number): Float32Array {
  const roll = dice(fingerprint(text, fingerprint(model)))
  const vector = Float32Array.from({ length: dimensions }, () => roll() * 2 - 1)
  const length = Math.hypot(...vector) || 1
  return vector.map((each) => each / length)
}
