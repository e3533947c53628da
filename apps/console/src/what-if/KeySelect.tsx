import type { ApiKey } from '@turnpike/contract'
import { useState } from 'react'
import { useGetList } from 'react-admin'
import { useText } from '../i18n/text.ts'
import { Select } from '../parts/Select.tsx'

/** Keys to choose from. With more keys, a reader simulates all requests or opens the link of one key. */
const KEYS_MAX = 100

/** Whose requests: all, or those of one key. The keys are fetched when the list is about to be needed. */
export function KeySelect({ value, onChange }: { value: string; onChange: (keyId: string) => void }) {
  const { say } = useText()
  const [isWanted, setIsWanted] = useState(value !== '')
  const query = useGetList<ApiKey>('keys', { pagination: { page: 1, perPage: KEYS_MAX } }, { enabled: isWanted })
  const keys = query.data ?? []
  const options: (readonly [string, string])[] = [
    ['', say('whatIf.allKeys')],
    ...keys.map(({ id, name }) => [id, name] as const),
  ]
  if (value && !keys.some(({ id }) => id === value)) options.push([value, value])
  return (
    <Select
      label={say('whatIf.key')}
      value={value}
      options={options}
      onChange={onChange}
      onOpen={() => setIsWanted(true)}
    />
  )
}
