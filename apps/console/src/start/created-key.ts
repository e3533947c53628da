import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { KeyCreate, KeyCreated } from '@turnpike/contract'
import { call } from '../api.ts'

const MADE_KEY = ['made-key']

/** The key made on this page. It stays in the memory of this tab until a reload or signing out. */
export function useCreatedKey() {
  const queryClient = useQueryClient()
  const { data: key = null } = useQuery<string | null>({
    queryKey: MADE_KEY,
    queryFn: () => null,
    enabled: false,
    staleTime: Infinity,
    gcTime: Infinity,
  })
  const make = useMutation({
    mutationFn: (body: KeyCreate) => call<KeyCreated>('/keys', { method: 'POST', body }),
    gcTime: 0,
    onSuccess: (answer) => {
      queryClient.setQueryData(MADE_KEY, answer.key)
      void queryClient.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  return { key, make }
}
