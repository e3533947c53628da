/** For `JSON.stringify`: a bigint as an object with the member `nano`, which nothing else that is kept has. */
export function withoutBigint(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { nano: value.toString() } : value
}

/** For `JSON.parse`: the bigint again. */
export function withBigint(_name: string, value: unknown): unknown {
  const isNano = typeof value === 'object' && value !== null && 'nano' in value && typeof value.nano === 'string'
  return isNano ? BigInt(String(value.nano)) : value
}
