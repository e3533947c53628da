/** A 32-bit fingerprint of a text (FNV-1a over its UTF-16 units); `from` chains one text onto another. */
export function fingerprint(text: string, from = 0x81_1c_9d_c5): number {
  let hash = from
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93)
  return hash >>> 0
}

export type Dice = () => number

/** Repeatable dice in [0, 1): the same seed throws the same sequence on every machine (mulberry32). */
export function dice(seed: number): Dice {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function pick<T>(roll: Dice, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(roll() * choices.length)] ?? choices[0]
}

/** A whole number in [low, high]. */
export function between(roll: Dice, low: number, high: number): number {
  return low + Math.floor(roll() * (high - low + 1))
}

/** A throw of the standard normal distribution. The first throw is kept away from zero, whose logarithm is infinite. */
export function normal(roll: Dice): number {
  return Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll())
}
