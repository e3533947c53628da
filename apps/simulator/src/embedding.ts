import { dice, fingerprint } from './dice.ts'

/** A unit vector that stands for a text: the same text and model give the same one, and it means nothing. */
export function vectorOf(model: string, text: string, dimensions: number): Float32Array {
  const roll = dice(fingerprint(text, fingerprint(model)))
  const vector = Float32Array.from({ length: dimensions }, () => roll() * 2 - 1)
  const length = Math.hypot(...vector) || 1
  return vector.map((each) => each / length)
}
