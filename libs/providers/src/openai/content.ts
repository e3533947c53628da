import type { ContentPart } from '@turnpike/domain'

/** A single text as plain text, which every server of this shape reads; anything more as parts. */
export function contentOf(parts: readonly ContentPart[]): string | Record<string, unknown>[] {
  const [first] = parts
  if (first === undefined) return ''
  if (parts.length === 1 && first.kind === 'text') return first.text
  return parts.map(encodePart)
}

/** Cache breakpoints are left out: this shape caches on its own and may refuse fields that it does not know. */
function encodePart(part: ContentPart): Record<string, unknown> {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: part.url, detail: part.detail } }
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
  }
  return { type: 'file', file: { filename: part.filename, file_data: part.data } }
}
