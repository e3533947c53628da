import { useSearchParams } from 'react-router-dom'

/** Null or an empty text removes the parameter. */
export type UrlChanges = Readonly<Record<string, string | null>>

/** What a view shows, kept in its address, so that it can be shared and survives a reload. */
export function useUrlState(): [URLSearchParams, (changes: UrlChanges) => void] {
  const [parameters, setParameters] = useSearchParams()
  const change = (changes: UrlChanges) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before)
        for (const [name, value] of Object.entries(changes)) {
          if (value) after.set(name, value)
          else after.delete(name)
        }
        return after
      },
      { replace: true },
    )
  return [parameters, change]
}
