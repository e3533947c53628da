const TWO_POW_32 = 2 ** 32

/** A number in [0, 1) from a request's draw, time and an index: MurmurHash3's finalizer (Appleby, public domain). */
export function derivedDraw(draw: number, beganAtMs: number, index: number): number {
  let bits = (Math.floor(draw * TWO_POW_32) ^ (beganAtMs % TWO_POW_32) ^ Math.imul(index + 1, 0x9e3779b9)) >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) >>> 0) / TWO_POW_32
}
