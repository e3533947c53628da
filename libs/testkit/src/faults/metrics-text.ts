/**
 * Reads what `/metrics` says: `name{label="x"}` → value. The label `process`, which every figure of a process has, is left
 * out; a name without other labels stands alone.
 */
export function readMetrics(text: string): Map<string, number> {
  const figures = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (!name) continue
    const others = labels.split(/,(?=\w+=")/).filter((label) => label && !label.startsWith('process='))
    figures.set(others.length > 0 ? `${name}{${others.join(',')}}` : name, Number(value))
  }
  return figures
}
