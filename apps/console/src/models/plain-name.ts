/** A name without the remark that it is simulated, for places that say so in a way of their own, or where it makes no difference. */
export function plainName(name: string): string {
  return name.replace(/ \(simulated\)$/i, '')
}
