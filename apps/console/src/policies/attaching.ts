import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNotify } from 'react-admin'
import { attach, type Scope } from './calls.ts'

/** Attaches a policy to a scope or, with null, detaches it, and refetches what shows it. */
export function useAttach() {
  const queryClient = useQueryClient()
  const notify = useNotify()
  return useMutation({
    mutationFn: ({ scope, policyId }: { scope: Scope; policyId: string | null }) => attach(scope, policyId),
    onSuccess: async (_answer, { policyId }) => {
      await Promise.all(
        ['policies', 'keys', 'policy-preview'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })),
      )
      notify(policyId === null ? 'policy.detachedNotice' : 'policy.attachedNotice', { type: 'success' })
    },
  })
}
