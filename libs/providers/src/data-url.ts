/** The two halves of a base64 `data:` URL; null for an address. `data:image/png;base64,iVBO…` */
export function parseDataUrl(url: string): { readonly mediaType: string; readonly base64: string } | null {
  if (!url.startsWith('data:')) return null
  const comma = url.indexOf(',')
  const [mediaType, ...parameters] = url.slice('data:'.length, comma).split(';')
  if (comma < 0 || !mediaType || !parameters.includes('base64')) return null
  return { mediaType, base64: url.slice(comma + 1) }
}
