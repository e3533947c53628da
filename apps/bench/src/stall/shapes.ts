/** A value of JSON that is as bad for its length as one can be made. */
export interface Shape {
  readonly name: string
  /** It has names, up to half as many as members. */
  readonly isNamed?: true
  /** @param bytes that it has at most @param members commas, colons and brackets that it has at most */
  readonly text: (bytes: number, members: number) => string
}

const DEPTH = 60

/** Repeats a unit as often as bytes and members allow, in a list. @param cost members of one unit, its comma included */
function listOf(unit: (index: number) => string, unitMembers: number) {
  return (bytes: number, members: number): string => {
    const longest = unit(9_999_999).length + 1
    const count = Math.max(1, Math.min(Math.floor((bytes - 2) / longest), Math.floor((members - 2) / unitMembers)))
    return `[${Array.from({ length: count }, (_, index) => unit(index)).join(',')}]`
  }
}

/** Of a name or number that is called long: its number has to fit into it. */
const LONG_LENGTH_MIN = 12

/** The same, each unit as long as bytes over members allow. */
function listOfLong(unit: (length: number, index: number) => string, unitMembers: number) {
  return (bytes: number, members: number): string => {
    const count = Math.max(1, Math.floor(Math.min((members - 2) / unitMembers, (bytes - 2) / (LONG_LENGTH_MIN + 6))))
    const length = Math.max(LONG_LENGTH_MIN, Math.floor((bytes - 2) / count) - 6)
    return `[${Array.from({ length: count }, (_, index) => unit(length, index)).join(',')}]`
  }
}

const filled = (piece: string, bytes: number) => piece.repeat(Math.max(0, Math.floor((bytes - 2) / piece.length)))

/** Values that a field of any type may have. */
export const SHAPES: readonly Shape[] = [
  { name: 'nested lists', text: listOf(() => '['.repeat(DEPTH) + ']'.repeat(DEPTH), DEPTH + 1) },
  { name: 'many objects', text: listOf(() => '{}', 2) },
  { name: 'many numbers', text: listOf(() => '0', 1) },
  {
    name: 'many names',
    isNamed: true,
    text: (bytes, members) => listOf((i) => `"k${i}":0`, 2)(bytes, members).replace(/^\[(.*)\]$/s, '{$1}'),
  },
  {
    name: 'many long names',
    isNamed: true,
    text: (bytes, members) =>
      listOfLong((length, i) => `"${String(i).padEnd(length - 4, 'k')}":0`, 2)(bytes, members).replace(
        /^\[(.*)\]$/s,
        '{$1}',
      ),
  },
  { name: 'objects of unlike names', isNamed: true, text: listOf((i) => `{"k${i}":0}`, 3) },
  { name: 'numbers of many digits', text: listOfLong((length) => '7'.repeat(length), 1) },
  { name: 'fractions of many digits', text: listOfLong((length) => `0.${'3'.repeat(length - 7)}e-99`, 1) },
  { name: 'one number', text: (bytes) => '7'.repeat(bytes) },
  { name: 'strings of escapes', text: listOfLong((length) => `"${filled('\\n', length)}"`, 1) },
  { name: 'one string of escapes', text: (bytes) => `"${filled('\\"', bytes)}"` },
  { name: 'one string of numbered escapes', text: (bytes) => `"${filled('\\u00e9', bytes)}"` },
  { name: 'escapes of a prototype', text: (bytes, members) => listOf(() => '"\\u005f"', 1)(bytes, members) },
  { name: 'one string', text: (bytes) => `"${filled('x', bytes)}"` },
  { name: 'one string of other letters', text: (bytes) => `"${filled('ж', Math.floor(bytes / 2))}"` },
  { name: 'blanks', text: (bytes) => `[${' '.repeat(Math.max(0, bytes - 2))}]` },
]
