import Link from '@mui/material/Link'
import { Link as RouterLink } from 'react-router-dom'
import { useText } from '../../i18n/text.ts'
import { at, isRecord, type Draft } from '../../draft/draft.ts'
import { DraftContext, useDraft } from '../../draft/state.ts'
import { CheckEntry, Columns, PickEntry, TextEntry } from '../../draft/fields.tsx'
import { Section } from './Section.tsx'

/** How the tenant's own keys and endpoints stand to credits. */
export function OwnSection() {
  const { say } = useText()
  return (
    <Section
      name="own"
      text={say('policies.ownText')}
      entries={{
        own_capacity: (
          <>
            <PickEntry
              path={['own_capacity']}
              label={say('policies.field_own_capacity')}
              options={[
                ['', say('policies.inherit')],
                ['first', say('policies.own_firstText')],
                ['only', say('policies.own_onlyText')],
              ]}
            />
            <Link component={RouterLink} to="/provider-keys" target="_blank" variant="body2">
              {say('policies.ownLink')}
            </Link>
          </>
        ),
      }}
    />
  )
}

/** Hedged requests: a second provider when the first is slow. */
export function HedgeSection() {
  const { say } = useText()
  const { draft, onChange, errors } = useDraft()
  const hedge = draft['hedge']
  const wrong: unknown = at(errors, ['hedge'])
  // What is emptied leaves the rest standing, down to an object with nothing in it, which is a hedge by the usual rules.
  const change = (after: Draft) => onChange({ ...draft, hedge: after })
  return (
    <Section
      name="hedge"
      text={say('policies.hedgeText')}
      entries={{
        hedge: (
          <>
            <DraftContext value={{ draft, onChange, errors: isRecord(wrong) ? null : errors }}>
              <CheckEntry
                path={['hedge']}
                on={{}}
                label={say('policies.hedgeCheck')}
                hint={say('policies.hedgeHint')}
              />
            </DraftContext>
            {isRecord(hedge) && (
              <DraftContext value={{ draft: hedge, onChange: change, errors: wrong }}>
                <HedgeEntries />
              </DraftContext>
            )}
          </>
        ),
      }}
    />
  )
}

function HedgeEntries() {
  const { say } = useText()
  return (
    <>
      <TextEntry
        kind="number"
        path={['after_ms']}
        label={say('policies.field_after_ms')}
        hint={say('policies.after_msHint')}
      />
      <Columns>
        <TextEntry
          kind="number"
          path={['extra_requests_percent']}
          label={say('policies.field_extra_requests_percent')}
          hint={say('policies.extra_requestsHint')}
        />
        <TextEntry
          kind="dollars"
          path={['extra_spend_per_day']}
          label={say('policies.field_extra_spend_per_day')}
          hint={say('policies.extra_spendHint')}
        />
      </Columns>
      <CheckEntry path={['own_cost']} label={say('policies.own_costCheck')} hint={say('policies.own_costHint')} />
    </>
  )
}
