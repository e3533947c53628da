/**
 * Whether what has the focus gives it up to the heading of a page that was navigated to. A field that the new page itself
 * put the focus into keeps it, and so does a dialog over the page.
 */
export function givesUpFocus(holder: Pick<Element, 'matches' | 'closest'> | null): boolean {
  return holder === null || !(holder.matches('input, textarea, select') || holder.closest('[role="dialog"]') !== null)
}
